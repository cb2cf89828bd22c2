// Makes a connection string fit to be shown. When in doubt it drops more.
import { hostName } from '../topology/host.ts'
import { parseConnectionString } from './connection-string.ts'
import { FaultList } from './fault-list.ts'
import { resolveHosts, urlHosts } from './host-list.ts'

/** The hosts of a connection string and nothing else; `***` for text that could be read in more than one way. */
export function redact(text: string): string {
  // A raw '@' behind the hosts may be the end of a password that was cut in two by its own '/' or '?'.
  if (/\/\/[^/?]*[/?].*@/s.test(text)) return '***'
  const faults = new FaultList()
  const url = parseConnectionString(text.replace(/\?.*$/s, ''), faults)
  if (url === undefined) return '***'
  // Without a user, `postgres://app:12345` may be a host and its port, or a user and a password whose host is missing.
  if (url.dialect === 'libpq' && !url.parameters.some((parameter) => parameter.name === 'user')) return '***'
  const hosts = resolveHosts([urlHosts(url)], faults)
  if (!faults.isEmpty) return '***'
  return `${url.dialect === 'jdbc' ? 'jdbc:' : ''}postgresql://${hosts.map(hostName).join(',')}`
}
