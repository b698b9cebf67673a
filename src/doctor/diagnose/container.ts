import { existsSync, readFileSync } from 'node:fs'

/** Whether this process runs in a container, where 127.0.0.1 is the container's own. */
export function isInContainer(): boolean {
  // Docker and Podman each leave a mark; Kubernetes' runtimes show in the control group of process 1.
  if (existsSync('/.dockerenv') || existsSync('/run/.containerenv')) return true
  try {
    return /docker|kubepods|containerd|lxc/.test(readFileSync('/proc/1/cgroup', 'utf8'))
  } catch {
    return false
  }
}
