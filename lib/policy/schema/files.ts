import { NAMESPACED, table } from './table-facts.ts';

/** Files and what they hold. Most want to be told which: without a path they would have to read the disk. */
export const FILE_TABLES = [
  table(
    'file',
    `path! directory! filename inode:b uid:b gid:b mode device:b size:b block_size:i atime:b mtime:b ctime:b btime:b
    hard_links:i symlink:i type symlink_target_path ${NAMESPACED} mount_namespace_id~`,
    { takesLike: true },
  ),
  table('hash', `path! directory! md5 sha1 sha256 ${NAMESPACED} mount_namespace_id~`, { takesLike: true }),
  table('extended_attributes', 'path! directory! key value base64:i', { takesLike: true }),
  table('magic', 'path! magic_db_files data mime_type mime_encoding'),
  table(
    'device_file',
    'device! partition! path filename inode:b uid:b gid:b mode size:b block_size:i atime:b mtime:b ctime:b hard_links:i type',
  ),
  table('device_hash', 'device! partition! inode:b! md5 sha1 sha256'),
  table('device_partitions', 'device! partition:i label type offset:b blocks_size:b blocks:b inodes:b flags:i'),
  table('yara', `path! matches count:i sig_group!! sigfile!! sigrule!!~ sigurl!!~ strings tags ${NAMESPACED}`, {
    takesLike: true,
  }),
  table('yara_file', `path! matches count:i sig_group!! sigfile!! sigrule!!~ sigurl!!~ strings tags ${NAMESPACED}`, {
    takesLike: true,
  }),
  table('yara_process', `pid:i! matches count:i sig_group!! sigfile!! sigrule!!~ sigurl!!~ strings tags ${NAMESPACED}`),
  table('yara_events', 'target_path category action matches count:i strings tags time:b eid~'),
  table(
    'file_events',
    `target_path category action transaction_id:b inode:b uid:b gid:b mode size:b atime:b mtime:b ctime:b md5 sha1
    sha256 hashed:i time:b eid~`,
  ),
  table('suid_bin', `path username groupname permissions ${NAMESPACED}`),
  table(
    'mounts',
    `device device_alias path type blocks_size:b blocks:b blocks_free:b blocks_available:b inodes:b
    inodes_free:b flags`,
  ),
  table('block_devices', 'name parent vendor model size:b block_size:i uuid type label serial'),
  table('disk_encryption', 'name uuid encrypted:i type encryption_status'),
  table(
    'md_devices',
    `device_name status raid_level:i size:b chunk_size:b raid_disks:i nr_raid_disks:i working_disks:i
    active_disks:i failed_disks:i spare_disks:i superblock_state superblock_version superblock_update_time:b
    bitmap_on_mem bitmap_chunk_size bitmap_external_file recovery_progress recovery_finish recovery_speed
    resync_progress resync_finish resync_speed reshape_progress reshape_finish reshape_speed check_array_progress
    check_array_finish check_array_speed unused_devices other`,
  ),
  table('augeas', 'node value label path', { takesLike: true }),
  table('carves', `time:b sha256 size:b path status carve_guid request_id carve:i`),
];
