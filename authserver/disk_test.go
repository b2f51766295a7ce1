//go:build linux || darwin

package authserver_test

import (
	"os"
	"syscall"
	"testing"
)

// A disk that is full, and one that takes nothing: what reads goes on, what writes
// is refused and can be done again when there is room. The limit is that of this
// process on the size of files, so no other test may run beside this one; the error
// is another than that of a full disk, and is met at the same place. Covers F11.
func TestADiskThatCannotBeWritten(t *testing.T) {
	for name, limit := range map[string]func(wal int64) int64{
		"not another byte fits":  func(wal int64) int64 { return wal },
		"nothing can be written": func(int64) int64 { return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := beforeTheFault(t)
			info, err := os.Stat(s.file + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			withFilesOfAtMost(t, limit(info.Size()), func() { whileFaulty(t, s, false, "disk I/O error") })
			afterTheFault(t, s)
		})
	}
}

func withFilesOfAtMost(t *testing.T, size int64, f func()) {
	t.Helper()
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Skip("this system limits no files: ", err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(size), Max: usual.Max}); err != nil {
		t.Skip("the size of files cannot be limited here: ", err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
			t.Error(err)
		}
	}()
	f()
}
