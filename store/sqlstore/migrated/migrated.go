// Package migrated gives tests a SQLite file that has its schema already. To
// migrate an empty one takes a flush of the disk for every migration there ever
// was, and most tests need a database without asking how it came to be.
package migrated

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

// File is the path of a file of the test's own, to be opened with
// [sqlstore.Open]. It is byte for byte what Open makes of no file, closed again.
func File(t testing.TB) string {
	t.Helper()
	content, err := once()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sallyport.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var once = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "sallyport-migrated")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "sallyport.db")
	s, err := sqlstore.Open(context.Background(), sqlstore.Options{Path: path})
	if err != nil {
		return nil, err
	}
	// The last to close the file moves the write-ahead log into it.
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
