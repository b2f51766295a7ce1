package main

import (
	"context"
	"strconv"

	"github.com/sallyport-dev/sallyport/store"
)

type auditCommand struct {
	Tail auditTail `cmd:"" help:"Print the newest lines of the audit log."`
}

type auditTail struct {
	which
	asked
	Lines int `short:"n" default:"50" help:"How many."`
}

func (c auditTail) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	events, err := newest(ctx, in, c.Lines)
	if err != nil {
		return err
	}
	rows := [][]string{}
	for _, e := range events {
		rows = append(rows, []string{strconv.FormatInt(e.ID, 10), when(e.At), e.Kind, e.Actor, e.Subject, e.ClientID, e.GrantID, e.Detail})
	}
	return c.show(t.out, events, []string{"ID", "AT", "WHAT", "BY", "PERSON", "CLIENT", "GRANT", "DETAIL"}, rows)
}

// newest reads the log to its end and keeps the last n lines.
func newest(ctx context.Context, in *installation, n int) ([]store.Event, error) {
	kept := []store.Event{}
	var after int64
	for {
		page, err := in.store.Events(ctx, after, pageSize)
		if err != nil {
			return nil, err
		}
		kept = append(kept, page...)
		kept = kept[max(0, len(kept)-n):]
		if len(page) < pageSize {
			return kept, nil
		}
		after = page[len(page)-1].ID
	}
}
