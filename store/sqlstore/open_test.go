package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

func TestADatabaseThatANewerProgramMigratedIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		s := open(t, o)
		version, err := s.SchemaVersion(t.Context())
		if err != nil || version < 1 {
			t.Fatalf("version %d, %v", version, err)
		}
		insertVersion(t, o, version+1)
		for _, o.NoMigrate = range []bool{false, true} {
			if _, err := sqlstore.Open(t.Context(), o); !errors.Is(err, store.ErrNewerSchema) {
				t.Errorf("got %v", err)
			}
		}
	})
}

func insertVersion(t *testing.T, o sqlstore.Options, version int64) {
	t.Helper()
	db, err := sql.Open("sqlite", o.Path)
	if o.Database != "" {
		db, err = sql.Open("pgx", o.Database)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO schema_versions (version) VALUES ($1)`, version); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseIsLeftAsItIsWhenItIsNotToBeMigrated(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		o.NoMigrate = true
		s := open(t, o)
		if version, err := s.SchemaVersion(t.Context()); err != nil || version != 0 {
			t.Errorf("version %d, %v", version, err)
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Error("a database without a schema is ready")
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAClosedStoreSaysSo(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		s, err := sqlstore.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Touch(t.Context(), "c1"); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("writing: %v", err)
		}
		if _, err := s.Client(t.Context(), "c1"); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("reading: %v", err)
		}
	})
}

func TestACallerWhoseContextEndedIsToldSo(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		s := withAda(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Create(ctx, newGrant("ada")); !errors.Is(err, context.Canceled) {
			t.Errorf("writing: %v", err)
		}
		if _, err := s.Person(ctx, "ada"); !errors.Is(err, context.Canceled) {
			t.Errorf("reading: %v", err)
		}
		if _, err := s.Person(t.Context(), "ada"); err != nil {
			t.Errorf("others: %v", err)
		}
	})
}

func TestAURLThatIsNotOfPostgreSQLIsRefusedWithoutQuotingIt(t *testing.T) {
	for _, database := range []string{"mysql://root:hunter2@db/x", "postgres://root:hunter2@db:notaport/x", "postgres://root:hunter2@127.0.0.1:1/x"} {
		_, err := sqlstore.Open(t.Context(), sqlstore.Options{Database: database})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := sqlstore.Open(t.Context(), sqlstore.Options{}); err == nil {
		t.Error("no database is a database")
	}
}

func TestTheFilesAreForTheirOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	o := onSQLite(t)
	withAda(t, o)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(o.Path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%q has mode %v", suffix, info.Mode())
		}
	}
	if err := os.Chmod(o.Path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, o)
	if info, err := os.Stat(o.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a file that others could read has mode %v, %v", info.Mode(), err)
	}
}

func TestAPathMayHoldAnyCharacter(t *testing.T) {
	folder := filepath.Join(t.TempDir(), `a b?c#d%41&mode=memory`)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Skip("this file system does not take the name: ", err)
	}
	o := sqlstore.Options{Path: filepath.Join(folder, "ä?.db")}
	withAda(t, o)
	if info, err := os.Stat(o.Path); err != nil || info.Size() == 0 {
		t.Errorf("the file is elsewhere: %v", err)
	}
}

func TestWhatIsNotADatabaseIsRefusedByItsPath(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, folder, filepath.Join(folder, "missing", "sallyport.db")} {
		before, _ := os.Stat(path)
		_, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: path})
		if after, _ := os.Stat(path); before != nil && before.Mode() != after.Mode() {
			t.Errorf("%s had mode %v and has %v", path, before.Mode(), after.Mode())
		}
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v", err)
		}
	}
}

// modernc.org/sqlite is translated C that was tested with one modernc.org/libc;
// with another it may corrupt the file. Another module can raise libc silently.
func TestSQLiteIsLinkedWithTheLibcItWasReleasedWith(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("the go command, which knows the module versions, is not in PATH")
	}
	list := func(format, module string) string {
		out, err := exec.Command(goCommand, "list", "-m", "-f", format, module).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	wants, err := os.ReadFile(list("{{.GoMod}}", "modernc.org/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^\s*modernc\.org/libc (\S+)`).FindSubmatch(wants)
	if want == nil {
		t.Fatal("modernc.org/sqlite does not say which modernc.org/libc it was released with")
	}
	if have := list("{{.Version}}", "modernc.org/libc"); have != string(want[1]) {
		t.Errorf("modernc.org/libc is %s; this modernc.org/sqlite was released with %s", have, want[1])
	}
}

func TestSeveralStoresOfOneProcessShareAFile(t *testing.T) {
	o := onSQLite(t)
	first, second := withAda(t, o), open(t, o)
	g := newGrant("ada")
	if err := second.Create(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	won, err := first.Rotate(t.Context(), g.ID, g.Generation, oauth.Generation{N: 2, Parent: 1}, g.Expires)
	if err != nil || !won {
		t.Errorf("won %v, %v", won, err)
	}
}
