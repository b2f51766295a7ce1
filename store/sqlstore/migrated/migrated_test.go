package migrated_test

import (
	"os"
	"testing"

	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
)

// TestAFileIsWhatOpenMakes: nothing is left to migrate, nobody else may read it, and
// what is written to one is not in the next.
func TestAFileIsWhatOpenMakes(t *testing.T) {
	fresh, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: t.TempDir() + "/db"})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	want, err := fresh.SchemaVersion(t.Context())
	if err != nil || want == 0 {
		t.Fatal(want, err)
	}
	first, second := migrated.File(t), migrated.File(t)
	if first == second {
		t.Error("two tests share a file")
	}
	for _, path := range []string{first, second} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info, err)
		}
		if _, err := os.Stat(path + "-wal"); err == nil {
			t.Error("a part of the content is in a write-ahead log")
		}
		s, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: path, NoMigrate: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if version, err := s.SchemaVersion(t.Context()); err != nil || version != want {
			t.Errorf("the schema is version %d, not %d: %v", version, want, err)
		}
	}
}
