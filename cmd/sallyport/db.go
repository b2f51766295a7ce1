package main

import (
	"context"
	"fmt"
	"time"
)

type dbCommand struct {
	Migrate dbMigrate `cmd:"" help:"Bring the schema up to date. serve does it too."`
	Prune   dbPrune   `cmd:"" help:"Remove what ended long ago. serve does it too."`
}

type dbMigrate struct{ which }

func (c dbMigrate) Run(ctx context.Context, t terminal) error {
	loaded, err := c.load(t)
	if err != nil {
		return err
	}
	if err := loaded.Validate(); err != nil {
		return err
	}
	if err := prepare(loaded, true); err != nil {
		return err
	}
	st, err := openStore(ctx, loaded, false)
	if err != nil {
		return err
	}
	defer st.Close()
	version, err := st.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "The schema is at version %d.\n", version)
	return nil
}

// keepEnded is how long what has ended stays to be looked at.
const keepEnded = 30 * 24 * time.Hour

// pruneLimit bounds one round, so that pruning never holds up a sign-in.
const pruneLimit = 1000

type dbPrune struct {
	which
	OlderThan time.Duration `default:"720h" help:"How long ago it has to have ended, or a client without grants to have been used."`
}

func (c dbPrune) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	if c.OlderThan < time.Hour {
		return hint(fmt.Errorf("--older-than %s is too short", c.OlderThan), "at least 1h, so that nothing that is being used is taken away")
	}
	removed, err := in.store.Prune(ctx, time.Now().Add(-c.OlderThan), 1_000_000)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Removed %d grants, %d sessions, %d clients and %d keys.\n", removed.Grants, removed.Sessions, removed.Clients, removed.Keys)
	return nil
}
