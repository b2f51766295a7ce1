package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

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

// An eventView is a line of the audit log as programs read it.
type eventView struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Actor    string    `json:"actor"`
	Subject  string    `json:"sub,omitempty"`
	ClientID string    `json:"client_id,omitempty"`
	GrantID  string    `json:"grant,omitempty"`
	Detail   string    `json:"detail,omitempty"`
}

func (c auditTail) Run(ctx context.Context, t terminal) error {
	if c.Lines < 1 {
		return misuse(fmt.Errorf("--lines=%d is not a number of lines", c.Lines), "give 1 or more")
	}
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	events, err := newest(ctx, in, c.Lines)
	if err != nil {
		return err
	}
	views, rows := []eventView{}, [][]string{}
	for _, e := range events {
		views = append(views, eventView(e))
		rows = append(rows, []string{strconv.FormatInt(e.ID, 10), when(e.At), e.Kind, e.Actor, e.Subject, e.ClientID, e.GrantID, e.Detail})
	}
	return c.show(t, views, []string{"ID", "AT", "WHAT", "BY", "PERSON", "CLIENT", "GRANT", "DETAIL"}, rows)
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
