//go:build unix

package sqlstore_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

// nobody is who opens the file, where the tests run as root, whom no
// permission stops.
const nobody = 65534

func TestAFileThatCannotBeWrittenIsRefusedAtOnce(t *testing.T) {
	folder := t.TempDir()
	o := sqlstore.Options{Path: filepath.Join(folder, "sallyport.db")}
	s, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(o.Path, 0o400); err != nil {
		t.Fatal(err)
	}
	said := lookAsAnyone(t, folder, o)
	for _, want := range []string{o.Path, "readonly"} {
		if !strings.Contains(said, want) {
			t.Errorf("it said %q, without %q", said, want)
		}
	}
}

// lookAsAnyone opens a database as somebody whom permissions stop, and returns
// what that says when it fails.
func lookAsAnyone(t *testing.T, folder string, o sqlstore.Options) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	if os.Geteuid() == 0 {
		for _, path := range []string{folder, o.Path} {
			if err := os.Chown(path, nobody, nobody); err != nil {
				t.Skip("the file cannot be given away: ", err)
			}
		}
		if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
			t.Fatal(err)
		}
		cmd = exec.Command(copyTo(t, folder, os.Args[0]))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	var stderr bytes.Buffer
	cmd.Env = append(os.Environ(), partVariable+"=look", pathVariable+"="+o.Path, databaseVariable+"=")
	cmd.Stderr = &stderr
	if err := cmd.Run(); err == nil {
		t.Error("the file was opened")
	}
	return stderr.String()
}

func copyTo(t *testing.T, folder, name string) string {
	t.Helper()
	from, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	path := filepath.Join(folder, "program")
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
