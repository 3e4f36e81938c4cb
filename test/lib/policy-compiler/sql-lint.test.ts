import { describe, expect, it } from '@jest/globals';
import { aProfile, aRule, aTaskRule, problemsOf } from './a-policy.ts';

const problemsOfSql = (sql: string) => problemsOf({ 'rules/a.yaml': aRule('', `sql: ${JSON.stringify(sql)}`) });
const none: string[] = [];

describe('SQL that osquery on Linux runs', () => {
  it.each([
    "SELECT pid, name FROM processes WHERE name = 'sshd'",
    'SELECT name FROM processes WHERE name = "sshd"', // text in double quotes, as osquery's packs have it
    "SELECT md5 FROM hash WHERE path = '/bin/sh'",
    "SELECT md5 FROM hash WHERE path IN ('/bin/sh', '/bin/ls')",
    "SELECT md5 FROM hash WHERE path = '/bin/sh' OR path = '/bin/ls'",
    "SELECT md5 FROM hash WHERE directory LIKE '/etc/%' LIMIT 10",
    'SELECT p.pid, h.sha256 FROM processes p JOIN hash h ON h.path = p.path',
    'SELECT pid, sha256 FROM processes LEFT JOIN hash USING (path)',
    'SELECT sha256 FROM hash WHERE path IN (SELECT path FROM processes)',
    'SELECT c.id, p.cmdline FROM docker_containers c JOIN docker_container_processes p ON p.id = c.id',
    'WITH big AS (SELECT pid, name FROM processes WHERE resident_size > 1e9) SELECT * FROM big',
    'SELECT count(*) AS n FROM processes',
    "SELECT regex_match(cmdline, '-p ([0-9]+)', 1) AS port, sha1(cmdline) AS s, split(path, '/', 0) AS d FROM processes",
    "SELECT key, value FROM json_each('[1,2]')",
    'SELECT name, version FROM deb_packages ORDER BY version COLLATE version_dpkg',
    'SELECT pid FROM processes; -- that is all',
    'SELECT username FROM users WHERE pid_with_namespace = 1',
    "SELECT path FROM yara_file WHERE path = '/bin/sh' AND sigrule = 'rule a { condition: true }'",
    "SELECT matches FROM yara WHERE path = '/bin/sh' AND sig_group = 'a'",
    "SELECT path, size FROM file WHERE path LIKE '/etc/cron.d/%' OR path LIKE '/var/spool/cron/%'",
    "SELECT md5 FROM hash WHERE path = '/a' OR (directory LIKE '/b/%' AND md5 <> '') LIMIT 10",
    'SELECT uid, username, type FROM users',
    'SELECT is_hidden FROM groups',
    'SELECT name, extra FROM os_version',
    'SELECT pid, status, environment FROM process_events',
    "SELECT path, attributes, product_version FROM file WHERE path = '/bin/ls'",
    'SELECT script FROM chrome_extension_content_scripts',
    'SELECT version FROM intel_me_info',
    'SELECT config_name FROM carbon_black_info',
    'SELECT address FROM hosts',
    'SELECT message FROM syslog',
    'SELECT parent_directory(path) AS d, find_file_path_in_cmd(cmdline) AS f FROM processes',
    "SELECT community_id_v1_strict('10.0.0.1', '10.0.0.2', 1, 2, 6) AS c, soundex('a') AS s, log(2) AS l, sign(-1) AS g",
    'SELECT concat(name, 1) AS a, concat_ws(name, 1, 2) AS b, iif(pid = 1, 2, 3) AS i FROM processes',
    'SELECT pid, row_number() OVER (ORDER BY pid) AS n, group_concat(name) OVER (ORDER BY pid) AS g FROM processes',
    'WITH busy AS MATERIALIZED (SELECT pid FROM processes) SELECT u.total_seconds FROM uptime u, busy',
    'WITH processes AS (SELECT 1 AS mine) SELECT mine FROM processes',
    "SELECT 1 AS x WHERE EXISTS (SELECT * FROM processes WHERE name = 'x')",
    'SELECT t.* FROM (SELECT pid, name FROM processes) AS t',
    "SELECT name FROM sqlite_temp_master WHERE type = 'table'",
    "SELECT name FROM pragma_table_info('processes')",
  ])('%s', (sql) => {
    expect(problemsOfSql(sql)).toEqual(none);
  });

  it('may be as long as a list of some thousand values makes it', () => {
    const list = Array.from({ length: 6000 }, (_, pid) => pid).join(', ');
    expect(list.length).toBeGreaterThan(33_000);
    expect(problemsOfSql(`SELECT pid FROM processes WHERE pid IN (${list})`)).toEqual(none);
  });
});

describe('SQL that osquery on Linux rejects', () => {
  it.each([
    ['SELECT name FROM procesess', 'no such table: procesess (did you mean processes?)'],
    [
      'SELECT x FROM zzzzzzzzz',
      'no such table: zzzzzzzzz (name tables of extensions in policy.yaml: extension_tables)',
    ],
    ['SELECT pidd FROM processes', 'no such column: pidd (did you mean pid?)'],
    ['SELECT p.nme FROM processes p', 'no such column: p.nme (did you mean name?)'],
    ['SELECT regex_mtch(name, 1, 1) FROM processes', 'no such function: regex_mtch (did you mean regex_match?)'],
    ['SELECT name FROM launchd', 'launchd is a table of macOS, not of Linux'],
    ['SELECT path FROM registry', 'registry is a table of Windows, not of Linux'],
    ['SELECT busy FROM sqlite_stmt', 'no such table: sqlite_stmt'],
    ['SELECT name FROM pragma_database_list', 'no such table: pragma_database_list'],
    ['SELECT pow(2, 3) AS x', 'no such function: pow (did you mean power?'],
    ['SELECT ln(2) AS x', 'no such function: ln (did you mean log?'],
    ['SELECT mod(5, 2) AS x', 'no such function: mod'],
    ['SELECT log(2, 8) AS x', 'wrong number of arguments to function log'],
    ['SELECT octet_length(name) AS x FROM processes', 'no such function: octet_length'],
    ["SELECT string_agg(name, ',') AS x FROM processes", 'no such function: string_agg'],
    ["SELECT timediff('now', 'now') AS x", 'no such function: timediff'],
    ["SELECT jsonb('[]') AS x", 'no such function: jsonb'],
    ["SELECT highlight('a') AS x", 'no such function: highlight'],
    ['SELECT sqlite_offset(pid) AS x FROM processes', 'no such function: sqlite_offset'],
    ['SELECT if(1, 2, 3) AS x', 'no such function: if'],
    ['SELECT iif(1, 2) AS x', 'wrong number of arguments to function iif'],
    ["SELECT json_valid('1', 2) AS x", 'wrong number of arguments to function json_valid'],
    ['SELECT group_concat(name ORDER BY pid) AS x FROM processes', 'ORDER BY inside a function call'],
    ['SELECT 1_000 AS x', 'unrecognized token: 1_000'],
    ['SELECT 1.5_0 AS x', 'unrecognized token: 1.5_0'],
    ['SELECT .5_1 AS x', 'unrecognized token: .5_1'],
    ['SELECT 1e-1_0 AS x', 'unrecognized token: 1e-1_0'],
    ['SELECT 0x1_F AS x', 'unrecognized token: 0x1_F'],
    ['SELECT rowid FROM processes', 'no such column: rowid'],
    [
      "SELECT path FROM yara WHERE path = '/a' AND sigrule = 'rule a { condition: true }'",
      'no such column: sigrule (yara is a view of yara_file without its hidden columns',
    ],
    ['SELECT name FROM opera_extensions', 'no such table: opera_extensions (osquery 4.6.0 was the last release'],
    ['SELECT md5 FROM hash', 'hash needs a constraint on path or directory: osquery fails the query without it'],
    ["SELECT md5 FROM hash WHERE md5 = 'x'", 'hash needs a constraint on path or directory'],
    ["SELECT md5 FROM hash WHERE path = '/a' OR md5 = 'x'", 'hash needs a constraint on path or directory'],
    ['SELECT pid FROM docker_container_processes', 'docker_container_processes needs a constraint on id'],
    ["SELECT count FROM yara WHERE sig_group = 'a'", 'yara needs a constraint on path'],
    ['SELECT h.md5 FROM processes p, hash h WHERE h.md5 = p.name', 'hash needs a constraint on path or directory'],
    ['SELECT result FROM curl', 'curl needs a constraint on url'],
    ['SELECT 1; SELECT 2', 'several statements in one SQL'],
    ['SELECT 1; DROP TABLE users', 'several statements in one SQL'],
    ['DELETE FROM processes', 'only a SELECT is allowed'],
    ['PRAGMA table_info(processes)', 'only a SELECT is allowed'],
    ['EXPLAIN SELECT 1', 'only a SELECT is allowed'],
    ['SELECT name FROM processes WHERE', 'incomplete input'],
    ['SELECT name FORM processes', 'syntax error'],
    ['-- nothing', 'there is no statement'],
    ['SELECT 1 \0', 'the SQL holds NUL'],
  ])('%s', (sql, problem) => {
    expect(problemsOfSql(sql)).toEqual([
      expect.stringMatching(new RegExp(`^error .*${problem.replace(/[()[\]?]/g, '\\$&')}`)),
    ]);
  });

  it.each([
    ['sql: SELECT pid, nme FROM processes', '6:24'],
    ["sql: 'SELECT ''x'' AS a, nme FROM processes'", '6:32'],
    ['sql: >-\n  SELECT pid,\n    nme\n  FROM processes', '8:11'],
    ['sql: |\n  SELECT pid,\n\n    nme\n  FROM processes', '9:11'],
    ['sql: SELECT pid,\n  nme FROM processes', '7:9'],
  ])('is reported at the position of the error, in every kind of scalar: %s', (query, place) => {
    expect(problemsOf({ 'rules/a.yaml': aRule('', query) })).toEqual([
      expect.stringContaining(`rules/a.yaml:${place} no such column: nme`),
    ]);
  });
});

describe('SQL that runs but harms the host', () => {
  it.each([
    [
      'SELECT * FROM uptime',
      'SELECT * takes every column, needed or not, and may be answered from a cache (name the columns: days, hours, minutes, seconds, total_seconds)',
    ],
    ['SELECT p.* FROM processes p JOIN uptime u', 'SELECT * takes every column'],
    [
      'SELECT mac FROM ec2_instance_metadata',
      'ec2_instance_metadata blocks the agent for minutes on a host that is not on EC2',
    ],
    [
      "SELECT m.mac FROM system_info s JOIN ec2_instance_metadata m WHERE s.hardware_vendor = 'Amazon EC2'",
      'blocks the agent for minutes',
    ],
    ['SELECT pid FROM bpf_process_events', 'is gone from osquery after 5.23.1'],
    [
      "SELECT md5 FROM hash WHERE path <> '/bin/sh'",
      'hash returns no row here: it wants to be given path or directory',
    ],
    [
      "SELECT pid FROM docker_container_processes WHERE id LIKE 'a%'",
      'docker_container_processes returns no row here: it wants to be given id',
    ],
  ])('causes a warning: %s', (sql, problem) => {
    expect(problemsOfSql(sql)).toEqual([expect.stringContaining(`warning rules/a.yaml`)]);
    expect(problemsOfSql(sql)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    [
      'a discovery query on the vendor',
      {
        'rules/a.yaml': aRule(
          '',
          "sql: SELECT mac FROM ec2_instance_metadata\ndiscovery: SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'",
        ),
      },
    ],
    [
      'the target ec2-instance',
      {
        'rules/a.yaml': aRule(
          'on: { event: { source: [aws.ec2] } }\ntarget: ec2-instance',
          'sql: SELECT mac FROM ec2_instance_metadata',
        ),
      },
    ],
    [
      'a CROSS JOIN after a condition on the vendor',
      {
        'config/default.yaml': aProfile(
          'decorators:\n  load: ["SELECT m.mac FROM system_info s CROSS JOIN ec2_instance_metadata m WHERE s.hardware_vendor = \'Amazon EC2\'"]',
        ),
      },
    ],
  ])('may query instance metadata without a warning behind %s', (_, files) => {
    expect(problemsOf(files)).toEqual(none);
  });
});

describe('SQL that can return very many rows', () => {
  const shared = 'all answers of a delivery share one body, and one too large loses the others';

  it.each([
    ["SELECT path FROM file WHERE path LIKE '/home/%%'", 'file with %% walks whole trees'],
    ["SELECT md5 FROM hash WHERE directory LIKE '/usr/bin/%'", 'hash with a pattern reads every file that matches'],
    ['SELECT p.pid, u.uid FROM processes p, users u', 'every row of '],
    ['SELECT path FROM process_open_files', 'nothing narrows process_open_files'],
    ['SELECT f.path FROM processes p JOIN process_open_files f USING (pid)', 'nothing narrows process_open_files'],
  ])('causes a warning that says what else is lost: %s', (sql, why) => {
    expect(problemsOfSql(sql)).toEqual([expect.stringContaining(why)]);
    expect(problemsOfSql(sql)).toEqual([expect.stringContaining(shared)]);
    expect(problemsOfSql(`${sql} LIMIT 100`)).toEqual(none);
  });

  it.each([
    "SELECT path FROM file WHERE path LIKE '/etc/%'",
    "SELECT f.path FROM processes p JOIN process_open_files f USING (pid) WHERE p.name = 'sshd'",
    'SELECT p.pid, o.name FROM processes p, os_version o',
    'SELECT path FROM process_open_files WHERE pid = 1',
  ])('does not include narrow queries: %s', (sql) => {
    expect(problemsOfSql(sql)).toEqual(none);
  });

  it('is accepted in a schedule, whose rows come in batches', () => {
    const sql = 'SELECT path FROM process_open_files';
    const schedule = aProfile(`schedule: { a: { query: "${sql}", interval: 60 } }`);
    expect(problemsOf({ 'config/default.yaml': schedule })).toEqual(none);
  });
});

describe('a post-mortem query', () => {
  const postMortem = (sql: string) =>
    problemsOf({
      'rules/a.yaml': aTaskRule(
        `queries: { a: { sql: SELECT 1 } }\npost-mortem:\n  gone:\n    sql: ${sql}\n    bind: { ids: 'detail.containers[].runtimeId' }`,
      ),
    });

  it.each(['docker_containers', 'docker_container_labels', 'docker_container_mounts'])(
    'requires id on %s, which otherwise lists only running containers',
    (table) => {
      expect(postMortem(`SELECT id FROM ${table} WHERE :ids IS NOT NULL`)).toEqual([
        expect.stringContaining(
          `${table} in a post-mortem query needs a constraint on id: without it osquery lists only running containers`,
        ),
      ]);
      expect(postMortem(`SELECT id FROM ${table} WHERE id IN (:ids)`)).toEqual(none);
    },
  );

  it('may get id from a join with a table that has it', () => {
    expect(
      postMortem(
        'SELECT c.id FROM docker_containers c JOIN docker_container_labels l ON l.id = c.id WHERE c.id IN (:ids)',
      ),
    ).toEqual(none);
  });

  it('cannot query processes', () => {
    expect(postMortem('SELECT pid FROM docker_container_processes WHERE id IN (:ids)')).toEqual([
      expect.stringContaining(
        'warning rules/a.yaml:8:28 docker_container_processes has no rows about a container that has exited',
      ),
    ]);
  });
});

describe('a discovery', () => {
  const discovery = (sql: string) => problemsOf({ 'rules/a.yaml': aRule('', `sql: SELECT 1 AS a\ndiscovery: ${sql}`) });

  it.each([
    "SELECT 1 FROM docker_containers WHERE state = 'exited'",
    "SELECT 1 FROM docker_containers WHERE state IN ('exited', 'dead')",
  ])('that never returns a row causes a warning: %s', (sql) => {
    expect(discovery(sql)).toEqual([expect.stringContaining('this discovery never returns a row')]);
  });

  it.each([
    "SELECT 1 FROM docker_containers WHERE state = 'running'",
    "SELECT 1 FROM docker_containers WHERE state IN ('running', 'exited')",
    "SELECT 1 FROM docker_containers WHERE id = 'abc' AND state = 'exited'",
    'SELECT * FROM docker_info',
  ])('that can return a row is accepted: %s', (sql) => {
    expect(discovery(sql)).toEqual(none);
  });

  it('accepts no bindings: they would be NULL', () => {
    expect(discovery('SELECT 1 FROM processes WHERE pid = :pid')).toEqual([
      expect.stringContaining('nothing is bound here'),
    ]);
  });
});

describe('tables beyond osquery', () => {
  it('are those that policy.yaml names, with their columns', () => {
    const files = (sql: string) => ({
      'policy.yaml': 'extension_tables: { my_table: [a, b] }',
      'rules/a.yaml': aRule('', `sql: ${sql}`),
    });
    expect(problemsOf(files('SELECT a, b FROM my_table'))).toEqual(none);
    expect(problemsOf(files('SELECT bb FROM my_table'))).toEqual([expect.stringContaining('no such column: bb')]);
    expect(problemsOf(files('SELECT a FROM my_tabel'))).toEqual([expect.stringContaining('did you mean my_table?')]);
  });

  it('are the views of profiles', () => {
    const files = {
      'config/default.yaml': aProfile('views:\n  roots: SELECT pid, name FROM processes WHERE uid = 0'),
      'rules/a.yaml': aRule('', 'sql: SELECT name FROM roots'),
    };
    expect(problemsOf(files)).toEqual(none);
  });
});

describe('a scheduled query for another platform', () => {
  const scheduled = (platform: string, sql: string) =>
    problemsOf({ 'config/default.yaml': aProfile(`schedule:\n  a: { query: '${sql}', platform: '${platform}' }`) });

  it('may use the tables of that platform', () => {
    expect(scheduled('darwin', 'SELECT name FROM launchd')).toEqual(none);
    expect(scheduled('windows,darwin', 'SELECT name FROM launchd, programs')).toEqual([
      expect.stringContaining('launchd is a table of macOS, not of Windows'),
      expect.stringContaining('programs is a table of Windows, not of macOS'),
    ]);
  });

  it('may not use them if it runs on Linux too', () => {
    expect(scheduled('posix', 'SELECT name FROM launchd')).toEqual([expect.stringContaining('not of Linux')]);
  });

  it('may use a table that only older releases have, with a warning', () => {
    expect(scheduled('linux', 'SELECT name FROM opera_extensions')).toEqual([
      expect.stringContaining('warning config/default.yaml:4:33 no such table: opera_extensions'),
    ]);
  });

  it('must still be one statement', () => {
    expect(scheduled('darwin', 'SELECT name FROM launchd; SELECT 2')).toEqual([
      expect.stringContaining('several statements'),
    ]);
  });
});
