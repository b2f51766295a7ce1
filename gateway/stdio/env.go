package stdio

import (
	"os"
	"runtime"
)

// environment is all that a child sees: a few names that programs cannot do
// without, and what the operator set for it. Our own environment holds keys
// and passwords, so it is an allow-list; whatever is not on it stays here.
func environment(configured []string) []string {
	names := []string{"PATH", "HOME", "LANG", "TMPDIR"}
	if runtime.GOOS == "windows" {
		names = append(names, "SYSTEMROOT", "SYSTEMDRIVE", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "PATHEXT")
	}
	env := []string{} // not nil: that would mean everything
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, configured...)
}
