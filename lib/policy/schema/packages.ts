import { NAMESPACED, table } from './table-facts.ts';

/** What is installed, and where it comes from. */
export const PACKAGE_TABLES = [
  table(
    'deb_packages',
    `name version source size:b arch revision status maintainer section priority admindir ${NAMESPACED} mount_namespace_id~`,
  ),
  table('deb_package_files', 'package path admindir'),
  table(
    'rpm_packages',
    `name version release source size:b sha1 arch epoch:i install_time:i vendor package_group ${NAMESPACED} mount_namespace_id~`,
  ),
  table('rpm_package_files', 'package path username groupname mode size:b sha256'),
  table('python_packages', `name version summary author license path directory uid:b ${NAMESPACED}`),
  table('portage_packages', 'package version slot build_time:b repository eapi:b size:b world:i'),
  table('portage_use', 'package version use'),
  table('portage_keywords', 'package version keyword mask:i unmask:i'),
  table('apt_sources', `name source base_uri release version maintainer components architectures ${NAMESPACED}`),
  table('yum_sources', `name baseurl mirrorlist enabled gpgcheck gpgkey source metalink ${NAMESPACED}`),
];
