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

type dbMigrate struct {
	which
	asked
}

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
	return c.say(t, map[string]int64{"version": version}, "The schema is at version %d.", version)
}

// keepEnded is how long what has ended stays to be looked at.
const keepEnded = 30 * 24 * time.Hour

// pruneLimit bounds one round, so that pruning never holds up a sign-in.
const pruneLimit = 1000

type dbPrune struct {
	which
	asked
	OlderThan time.Duration `default:"720h" help:"How long ago it has to have ended, or a client without grants to have been used."`
}

func (c dbPrune) Run(ctx context.Context, t terminal) error {
	if c.OlderThan < longestToken {
		return misuse(fmt.Errorf("--older-than %s is too short", c.OlderThan), "at least 25h: for so long a token of a revoked grant could be shown, and the grant says that it was revoked")
	}
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	removed, err := in.store.Prune(ctx, time.Now().Add(-c.OlderThan), 1_000_000)
	if err != nil {
		return err
	}
	flows, err := pruneFlows(ctx, in)
	if err != nil {
		return err
	}
	counts := map[string]int64{"grants": removed.Grants, "sessions": removed.Sessions, "clients": removed.Clients, "keys": removed.Keys,
		"assertions": removed.Assertions, "flows": flows}
	return c.say(t, counts, "Removed %d grants, %d sessions, %d clients, %d keys, %d used assertions and %d flows.",
		removed.Grants, removed.Sessions, removed.Clients, removed.Keys, removed.Assertions, flows)
}
