// The settings all nodes of a cluster share, before the caller's own. Knows nothing of files or processes.

export function defaultSettings(major: number, nodeCount: number): Record<string, string> {
  return {
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '32MB',
    wal_level: 'replica',
    max_wal_senders: String(Math.max(10, nodeCount + 5)),
    ...(major >= 13 ? { wal_keep_size: '512MB' } : { wal_keep_segments: '32' }),
    hot_standby: 'on',
    wal_retrieve_retry_interval: '200ms',
    // What pg_rewind asks for.
    wal_log_hints: 'on',
    full_page_writes: 'on',
    // A crash of the machine loses the cluster anyway.
    fsync: 'off',
    // In the data folder, so that a killed server leaves nothing behind in the machine's shared memory.
    ...(process.platform === 'win32' ? {} : { dynamic_shared_memory_type: 'mmap' }),
    log_line_prefix: '%m [%p] %q%a ',
  }
}
