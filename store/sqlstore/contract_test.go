package sqlstore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
	"github.com/sallyport-dev/sallyport/store/storetest"
)

func TestSQLiteKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Store {
		return open(t, sqlstore.Options{Path: migrated.File(t), Now: now})
	})
}

func TestPostgreSQLKeepsTheContract(t *testing.T) {
	server := postgresServer(t)
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Store {
		o := onPostgres(t, server)
		o.Now = now
		return open(t, o)
	})
}

func onSQLite(t testing.TB) sqlstore.Options {
	return sqlstore.Options{Path: filepath.Join(t.TempDir(), "sallyport.db")}
}
