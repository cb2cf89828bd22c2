// The public names of pg-ha/testing.

export { Cluster } from './cluster.ts'
export type { NodeState } from './cluster-node.ts'
export { ClusterNode } from './cluster-node.ts'
export type { StopMode } from './postgres-process.ts'
export type { StartClusterOptions } from './start-cluster.ts'
export { startCluster } from './start-cluster.ts'
export type { Direction } from './tcp-proxy.ts'
