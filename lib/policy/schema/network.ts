import { NAMESPACED, table } from './table-facts.ts';

/** Interfaces, routes, names and what is fetched over the network. */
export const NETWORK_TABLES = [
  table('interface_addresses', 'interface address mask broadcast point_to_point type'),
  table(
    'interface_details',
    `interface mac type:i mtu:i metric:i flags:i ipackets:b opackets:b ibytes:b obytes:b ierrors:b oerrors:b idrops:b
    odrops:b collisions:b last_change:b link_speed:b pci_slot`,
  ),
  table('interface_ipv6', 'interface hop_limit:i forwarding_enabled:i redirect_accept:i rtadv_accept:i'),
  table('arp_cache', 'address mac interface permanent'),
  table('routes', 'destination netmask:i gateway source flags:i interface mtu:i metric:i type hopcount:i'),
  table(
    'iptables',
    `filter_name chain policy target protocol:i src_port dst_port src_ip src_mask iniface iniface_mask
    dst_ip dst_mask outiface outiface_mask match packets:i bytes:i`,
  ),
  table('dns_resolvers', `id:i type address netmask options:b ${NAMESPACED}`),
  table('etc_hosts', `address hostnames ${NAMESPACED}`),
  table('etc_protocols', 'name number:i alias comment'),
  table('etc_services', 'name port:i protocol aliases comment'),
  table('curl', 'url! method user_agent response_code:i round_trip_time:b bytes:b result'),
  table(
    'curl_certificate',
    `hostname! common_name organization organization_unit serial_number issuer_common_name issuer_organization
    issuer_organization_unit valid_from valid_to sha256_fingerprint sha1_fingerprint version:i signature_algorithm
    signature subject_key_identifier authority_key_identifier key_usage extended_key_usage policies
    subject_alternative_names issuer_alternative_names info_access subject_info_access policy_mappings has_expired:i
    basic_constraint name_constraints policy_constraints dump_certificate:i~ timeout:i~ pem`,
  ),
  table(
    'certificates',
    `common_name subject issuer ca:i self_signed:i not_valid_before not_valid_after signing_algorithm key_algorithm
    key_strength key_usage subject_key_id authority_key_id sha1 path serial issuer2 subject2`,
  ),
];
