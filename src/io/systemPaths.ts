/**
 * What to ask the system for where a path of the workspace is meant, or an absolute one. The system walks each path from its
 * beginning: from where the process stands that is half as far, and a tenth of the time of a no-op over ten thousand batches.
 */
export function systemPaths(root: string): (path: string) => string {
  const base = process.cwd() === root ? '' : `${root}/`
  return (path) => (path.startsWith('/') ? path : base + path)
}
