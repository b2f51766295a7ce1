package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/console"
	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/store"
)

type flowsCommand struct {
	List flowsList `cmd:"" help:"List recent attempts to connect, and how each stands."`
	Show flowsShow `cmd:"" help:"Show one attempt: what went wrong, what to do, and every step."`
}

type flowsList struct {
	which
	asked
	Lines  int    `short:"n" default:"50" help:"How many."`
	Failed bool   `help:"Only those that were refused, failed, or stopped half-way."`
	Client string `placeholder:"ID" help:"Only those of this client."`
	User   string `placeholder:"NAME" help:"Only those of this person."`
}

// A flowView is a flow as it is printed.
type flowView console.Flow

func (c flowsList) Run(ctx context.Context, t terminal) error {
	if c.Lines < 1 {
		return misuse(fmt.Errorf("--lines=%d is not a number of lines", c.Lines), "give 1 or more")
	}
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	subject, err := c.subject(ctx, in)
	if err != nil {
		return err
	}
	values, before := []console.Flow{}, store.Flow{}
	for more := true; more && len(values) < c.Lines; more = before.ID != "" {
		var some []console.Flow
		which := console.FlowFilter{ClientID: c.Client, Subject: subject, Failed: c.Failed}
		if some, before, err = flowReader(in).List(ctx, which, before, c.Lines-len(values)); err != nil {
			return err
		}
		values = append(values, some...)
	}
	if len(values) == 0 && in.config.Flows.Keep == 0 {
		return c.say(t, values, "None: flows.keep is 0s, so that no attempt to connect is kept.")
	}
	header, rows := flowRows(values, t.width)
	return c.show(t, values, header, rows)
}

// roomForAll is how wide a terminal has to be for every column of the list.
const roomForAll = 150

// flowRows is the list as a table. In a narrow terminal there is what tells flows
// apart, and room for what happened.
func flowRows(values []console.Flow, width int) (header []string, rows [][]string) {
	narrow := width > 0 && width < roomForAll
	header = []string{"FLOW", "STARTED", "CLIENT", "RESULT", "AT", "WHAT HAPPENED", "USER", "RESOURCE"}
	if narrow {
		header = []string{"FLOW", "STARTED", "CLIENT", "RESULT", "WHAT HAPPENED"}
	}
	for _, value := range values {
		v := flowView(value)
		row := []string{v.ID, when(v.Started), clientOf(v), v.Result, v.At, v.Said, v.Username, v.Resource}
		if narrow {
			row = []string{v.ID, lately(v.Started, time.Now()), clientOf(v), v.Result, v.Said}
		}
		rows = append(rows, row)
	}
	return header, rows
}

// lately is a time in few characters: of the day, within a day of now.
func lately(t, now time.Time) string {
	if now.Sub(t).Abs() < 24*time.Hour {
		return t.Local().Format("15:04")
	}
	return t.Local().Format("2006-01-02")
}

func (c flowsList) subject(ctx context.Context, in *installation) (string, error) {
	if c.User == "" {
		return "", nil
	}
	f, err := matching{User: c.User}.filter(ctx, in)
	return f.Subject, err
}

func clientOf(v flowView) string {
	if v.ClientName != "" {
		return v.ClientName
	}
	return v.ClientID
}

// flowReader reads what is kept, with what else belongs to it.
func flowReader(in *installation) console.FlowReader {
	elsewhere := map[string]bool{}
	for i, r := range in.config.ProtectedResources() {
		elsewhere[r.ID] = !in.config.Resources[i].Guarded()
	}
	return console.FlowReader{Store: in.store, Elsewhere: func(resource string) bool { return elsewhere[resource] }, Now: time.Now}
}

type flowsShow struct {
	which
	asked
	Flow string `arg:"" help:"The id of the attempt, as the person was told it, or as the list has it."`
}

func (c flowsShow) Run(ctx context.Context, t terminal) error {
	in, err := openFor(ctx, t, c.which, false)
	if err != nil {
		return err
	}
	defer in.close()
	id := flowtrace.ParseID(c.Flow)
	if id == "" {
		return misuse(fmt.Errorf("%q is no id of a flow", c.Flow), "it has eight letters and digits, such as 7KQ2-M4TX; sallyport flows list shows them")
	}
	f, err := flowReader(in).Show(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return hint(fmt.Errorf("there is no flow %s", id), "attempts are kept for as long as flows.keep says, and the oldest go first when there are many; sallyport flows list shows what there is")
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.out, f)
	}
	return flowView(f).print(t)
}

// sinceThen is what became of the grant.
func sinceThen(g *console.FlowGrant) string {
	if g == nil {
		return ""
	}
	text := "Not refreshed yet."
	if g.Refreshed > 0 {
		text = fmt.Sprintf("Refreshed %s, last at %s.", times(g.Refreshed), when(g.RefreshedAt))
	}
	if !g.Ended.IsZero() {
		text += fmt.Sprintf(" Ended at %s (%s).", when(g.Ended), g.EndedFor)
	}
	return text
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprint(n, " times")
}

// print tells the story: first what to do, then how it came to it.
func (v flowView) print(t terminal) error {
	p := paragraphs{t: t}
	p.line("Flow %s: %s", v.ID, v.headline())
	p.blank()
	p.text("  ", v.Said)
	if v.ToDo != "" {
		p.text("  What to do: ", v.ToDo)
	}
	p.blank()
	for _, fact := range [][2]string{{"Client", v.whoAsked()}, {"Resource", v.Resource}, {"Person", v.Username}, {"Grant", v.GrantID}, {"Since then", sinceThen(v.Grant)}} {
		if fact[1] != "" {
			p.text(fmt.Sprintf("  %-12s", fact[0]), fact[1])
		}
	}
	p.blank()
	day, indent := "", 35
	if t.width > 0 && t.width-indent < narrowestText {
		indent = 8
	}
	for _, s := range v.Steps {
		if d := s.At.Local().Format("2006-01-02"); d != day {
			day = d
			p.line("  %s", d)
		}
		p.text(fmt.Sprintf("  %s  %-12s  %-7s  ", s.At.Local().Format("15:04:05"), s.Step, s.Outcome), s.Said+counted(s))
		for _, fact := range factsOf(s) {
			p.text(strings.Repeat(" ", indent), fact)
		}
	}
	return p.err
}

// factsOf are what belongs to a step, and how it was answered.
func factsOf(s console.FlowStep) []string {
	if s.Error == "" {
		return s.Facts
	}
	told := "the answer was: " + s.Error
	if s.Told != "" {
		told += ", " + s.Told
	}
	return append(slices.Clone(s.Facts), told)
}

func counted(s console.FlowStep) string {
	if s.Count < 2 {
		return ""
	}
	return fmt.Sprintf(" (at least %d times)", s.Count)
}

func (v flowView) headline() string {
	if v.Result == flowtrace.Connected || v.At == "" {
		return v.Result
	}
	return v.Result + " at " + v.At
}

func (v flowView) whoAsked() string {
	switch {
	case v.ClientID == "" || v.ClientID == v.ClientName:
		return v.ClientName
	case v.ClientName == "":
		return v.ClientID
	}
	return v.ClientName + " (" + v.ClientID + ")"
}
