package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sallyport-dev/sallyport/store"
)

type keysCommand struct {
	List   keysList   `cmd:"" help:"List the keys and what they are doing."`
	Rotate keysRotate `cmd:"" help:"Make a new key. It is published before it signs; the old one stays published as long as its tokens live."`
	Import keysImport `cmd:"" help:"Take a private key in PEM as the next signing key."`
}

type keysList struct {
	which
	asked
}

func (c keysList) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	keys, rows := in.keys.List(), [][]string{}
	for _, k := range keys {
		rows = append(rows, []string{k.ID, k.Use, k.Algorithm, k.State, when(k.Created), when(k.SignsFrom), when(k.Expires)})
	}
	return c.show(t, keys, []string{"KEY", "USE", "ALGORITHM", "STATE", "CREATED", "SIGNS FROM", "EXPIRES"}, rows)
}

type keysRotate struct {
	which
	Algorithm string `enum:"RS256,PS256,ES256,EdDSA,secret" default:"ES256" help:"Which key: ${enum}. secret is what codes and refresh tokens are made with; old ones stay good."`
	Now       bool   `help:"Sign with the new key at once, without waiting until verifiers have seen it."`
}

func (c keysRotate) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	switch {
	case c.Algorithm == "secret":
		err = in.keys.RotateSecret(ctx)
	case c.Now:
		err = in.keys.RotateNow(ctx, c.Algorithm)
	default:
		err = in.keys.Rotate(ctx, c.Algorithm)
	}
	if err != nil {
		return err
	}
	if err := record(ctx, in, store.Event{Kind: store.KeyRotated, Detail: c.Algorithm}); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "There is a new %s key. Servers that run take it up within seconds.\n", c.Algorithm)
	return nil
}

// read reads the PEM, from a file or from standard input.
func (c keysImport) read(t terminal) ([]byte, error) {
	from := t.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return nil, hint(err, "name a PEM file with a private key, or - for standard input")
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, 64<<10))
	if err == nil && len(text) == 0 {
		err = errors.New("there is no PEM: it is empty")
	}
	return text, err
}

type keysImport struct {
	which
	Algorithm string `required:"" enum:"RS256,PS256,ES256,EdDSA" help:"What the key signs: ${enum}."`
	File      string `arg:"" help:"The PEM file; - for standard input."`
	Now       bool   `help:"Sign with it at once: whoever checks tokens has its public half already."`
}

func (c keysImport) Run(ctx context.Context, t terminal) error {
	text, err := c.read(t)
	if err != nil {
		return err
	}
	in, err := openFor(ctx, t, c.which, true)
	if err != nil {
		return err
	}
	defer in.close()
	take := in.keys.Import
	if c.Now {
		take = in.keys.ImportNow
	}
	if err := take(ctx, c.Algorithm, text); err != nil {
		return hint(err, "give one private key that is not here yet and not encrypted: RSA of 2048 to 4096 bits for RS256 and PS256, P-256 for ES256, Ed25519 for EdDSA")
	}
	if err := record(ctx, in, store.Event{Kind: store.KeyImported, Detail: c.Algorithm}); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "The %s key is in. Servers that run take it up within seconds.\n", c.Algorithm)
	return nil
}
