//go:build !unix

package stdio

import "os/exec"

// Not supported here: groups of processes. What the child started ends when it
// notices that its input was closed.
func ownGroup(*exec.Cmd) {}

func terminate(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
