//go:build unix

package stdio

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the child a process group, so that what it starts can be ended
// with it (npx starts node, which starts the server), and so that a Ctrl-C at
// our terminal does not reach it before requests in flight are answered.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// terminate asks the whole group to end. An error means that it has.
func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }

// kill ends the whole group.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
