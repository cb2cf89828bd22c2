// The properties of pgjdbc that tune what only a Java driver has: property -> why it changes nothing here.

const STATEMENTS = 'pg prepares, fetches and batches statements as each query says'
const BUFFERS = 'Node sizes the buffers of its sockets and results itself'
const TYPES = 'values are sent and read as pg and pg-types do'
const JAVA_LOGIN = 'pg does not log in by Java, GSSAPI or SSPI'
const METADATA = 'there is no JDBC metadata here'
const LOGGING = 'set DEBUG=pg-ha:* to see what the pool does'
const SAVEPOINTS = 'no savepoints are set on their own'
const JAVA_CLASS = 'a Java class cannot be loaded here'
const VERSION = 'the version of the server is asked, not assumed'

function all(names: string, why: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, why]))
}

export const JDBC_TUNING: Readonly<Record<string, string>> = Object.freeze({
  ...all('prepareThreshold preparedStatementCacheQueries preparedStatementCacheSizeMiB', STATEMENTS),
  ...all('preferQueryMode defaultRowFetchSize reWriteBatchedInserts escapeSyntaxCallMode', STATEMENTS),
  ...all('adaptiveFetch adaptiveFetchMaximum adaptiveFetchMinimum', STATEMENTS),
  ...all('quoteReturningIdentifiers groupStartupParameters', STATEMENTS),
  ...all('maxResultBuffer maxSendBufferSize receiveBufferSize sendBufferSize tcpNoDelay', BUFFERS),
  ...all('localSocketAddress', 'connections leave from the address the system chooses'),
  ...all('binaryTransfer binaryTransferDisable binaryTransferEnable stringtype unknownLength', TYPES),
  ...all('allowEncodingChanges convertBooleanToNumeric', TYPES),
  ...all('databaseMetadataCacheFields databaseMetadataCacheFieldsMiB', METADATA),
  ...all('hideUnprivilegedObjects disableColumnSanitiser', METADATA),
  ...all('loggerFile loggerLevel logUnclosedConnections', LOGGING),
  ...all('logServerErrorDetail', 'errors of PostgreSQL are handed on whole'),
  ...all('autosave cleanupSavepoints', SAVEPOINTS),
  ...all('jaasApplicationName jaasLogin useSpnego spnegoServiceClass sspiServiceClass', JAVA_LOGIN),
  ...all('gssUseDefaultCreds gssResponseTimeout', JAVA_LOGIN),
  ...all('sslfactoryarg socketFactoryArg sslpasswordcallback xmlFactoryFactory', JAVA_CLASS),
  ...all('classLoaderStrategy connectExecutorFactory', JAVA_CLASS),
  ...all('sslAlias pemKeyAlgorithm', 'the certificate and the key are named by sslcert and sslkey'),
  ...all('sslResponseTimeout', 'the limit for the whole connect counts: connectTimeout, loginTimeout'),
  ...all('cancelSignalTimeout', 'the limit for the whole connect counts: connectTimeout, loginTimeout'),
  ...all('assumeMinServerVersion protocolVersion', VERSION),
})
