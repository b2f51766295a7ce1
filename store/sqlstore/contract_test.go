package sqlstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/storetest"
)

func TestSQLiteKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Store {
		return open(t, sqlstore.Options{Path: filepath.Join(t.TempDir(), "sallyport.db"), Now: now})
	})
}

func open(t testing.TB, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
