/** Whether there is a process of that id on this machine. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another user
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
