/**
 * Test files with a bound by the clock that leaves less than a second for a busy machine, each with the bound. They
 * run after the others, one file for each processor. All other files run in parallel, more than there are processors,
 * since most of them wait most of the time.
 */
export const TIMED_FILES: Readonly<Record<string, string>> = {
  'test/dispatcher/queue-deadline.test.ts': 'connectTimeoutMs of 500 ms, in which two tunnels have to open',
  'test/e2e/refused-burst.test.ts': 'connectTimeoutMs and 900 ms',
  'test/gateway/dead-connection.test.ts': 'a heartbeat interval of 1 200 ms',
  'test/gateway/proxy-return.test.ts':
    'a CONNECT 1.2 s after the port answers, which takes a look every 500 ms',
  'test/rest/upload-memory.programs.ts':
    'a bound of memory, which grows where the collector waits for a processor',
  'test/tunnel/faults-http.test.ts': 'connectTimeoutMs and 800 ms (fault-table.ts)',
  'test/tunnel/faults-https.test.ts': 'connectTimeoutMs and 800 ms (fault-table.ts)',
  'test/tunnel/faults-socks4.test.ts': 'connectTimeoutMs and 800 ms (fault-table.ts)',
  'test/tunnel/faults-socks5.test.ts': 'connectTimeoutMs and 800 ms (fault-table.ts)',
  'test/tunnel/silence.test.ts': 'connectTimeoutMs and 700 ms',
}

/**
 * Files that compare elapsed time with an upper bound, and run in parallel, because the bound leaves a second or more.
 */
export const BOUNDED_FILES: Readonly<Record<string, string>> = {
  'test/cli/dead-resolver.programs.ts': 'a limit of 15 s',
  'test/cli/doctor-watch.test.ts': '5 s of a pause of 10 s',
  'test/cli/doctor.programs.ts': '2 s after --timeout-ms',
  'test/doctor/diagnose/bounded.test.ts': '2.5 s after the limit, which is 1.5 s',
  'test/gateway/proxy-watch.test.ts': '2 s for a resume through the next proxy',
  'test/lab/proxy-leaks.programs.ts': '5 s for a deadline of 50 ms',
  'test/tunnel/proxies/list.test.ts':
    '1.4 s after the share of a silent proxy, and 2 s for three connections',
  'test/tunnel/pac/pac-failures.test.ts': 'connectTimeoutMs and 3 s',
  'test/tunnel/process.programs.ts': '5 s for the end of a process',
  'test/websocket/websocket.test.ts': '1.3 s after a deadline of 200 ms',
}
