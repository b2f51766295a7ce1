package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/oauth"
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

// A flowView is a flow as programs read it.
type flowView struct {
	ID         string     `json:"id"`
	Started    time.Time  `json:"started"`
	Last       time.Time  `json:"last"`
	Result     string     `json:"result"`
	At         string     `json:"at"`
	Said       string     `json:"said"`
	ToDo       string     `json:"to_do,omitempty"`
	ClientID   string     `json:"client_id,omitempty"`
	ClientName string     `json:"client_name,omitempty"`
	Resource   string     `json:"resource,omitempty"`
	Subject    string     `json:"sub,omitempty"`
	Username   string     `json:"username,omitempty"`
	GrantID    string     `json:"grant,omitempty"`
	Steps      []stepView `json:"steps,omitempty"`
	Grant      string     `json:"since,omitempty"`
}

type stepView struct {
	At      time.Time `json:"at"`
	Step    string    `json:"step"`
	Outcome string    `json:"outcome"`
	Said    string    `json:"said"`
	ToDo    string    `json:"to_do,omitempty"`
	Error   string    `json:"error,omitempty"`
	Told    string    `json:"told,omitempty"`
	Facts   []string  `json:"facts,omitempty"`
	Count   int64     `json:"count,omitempty"`
}

// successful are the results that --failed leaves out.
var successful = map[string]bool{flowtrace.Connected: true, flowtrace.Issued: true, flowtrace.Underway: true, flowtrace.Looked: true}

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
	reader := newFlowReader(in)
	values := []flowView{}
	var before store.Flow
	for len(values) < c.Lines {
		page, err := in.store.Flows(ctx, before, pageSize)
		if err != nil {
			return err
		}
		for _, f := range page {
			before = f
			if c.Client != "" && f.ClientID != c.Client || subject != "" && f.Subject != subject {
				continue
			}
			v, err := reader.view(ctx, f)
			if err != nil {
				return err
			}
			if c.Failed && successful[v.Result] || len(values) >= c.Lines {
				continue
			}
			values = append(values, v)
		}
		if len(page) < pageSize {
			break
		}
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
func flowRows(values []flowView, width int) (header []string, rows [][]string) {
	narrow := width > 0 && width < roomForAll
	header = []string{"FLOW", "STARTED", "CLIENT", "RESULT", "AT", "WHAT HAPPENED", "USER", "RESOURCE"}
	if narrow {
		header = []string{"FLOW", "STARTED", "CLIENT", "RESULT", "WHAT HAPPENED"}
	}
	for _, v := range values {
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

// A flowReader reads what is kept, with what else belongs to it.
type flowReader struct {
	in    *installation
	names map[string]string
	facts flowtrace.Facts
}

func newFlowReader(in *installation) *flowReader {
	elsewhere := map[string]bool{}
	for i, r := range in.config.ProtectedResources() {
		elsewhere[r.ID] = !in.config.Resources[i].Guarded()
	}
	return &flowReader{in: in, names: map[string]string{}, facts: flowtrace.Facts{
		Now: time.Now(), Elsewhere: func(resource string) bool { return elsewhere[resource] }}}
}

func (r *flowReader) view(ctx context.Context, f store.Flow) (flowView, error) {
	verdict, err := r.verdict(ctx, f)
	if err != nil {
		return flowView{}, err
	}
	v := flowView{ID: f.ID, Started: f.Started, Last: f.Last, Result: verdict.Result, At: string(verdict.At), Said: verdict.Said, ToDo: verdict.ToDo,
		ClientID: f.ClientID, ClientName: f.ClientName, Resource: f.Resource, Subject: f.Subject, GrantID: f.GrantID}
	if _, known := r.names[f.Subject]; !known && f.Subject != "" {
		p, err := r.in.store.Person(ctx, f.Subject)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return v, err
		}
		r.names[f.Subject] = p.Username
	}
	v.Username = r.names[f.Subject]
	return v, nil
}

// verdict is what a flow comes to. One that ended with a registration is compared
// with those around it: a client may register again and again.
func (r *flowReader) verdict(ctx context.Context, f store.Flow) (flowtrace.Verdict, error) {
	v := flowtrace.Flow(f).Verdict(r.facts)
	if v.At != flowtrace.Registration || v.Result != flowtrace.Ended {
		return v, nil
	}
	around, err := r.in.store.Flows(ctx, store.Flow{Started: f.Started.Add(time.Hour)}, pageSize)
	if err != nil {
		return v, err
	}
	others := make([]flowtrace.Flow, len(around))
	for i, o := range around {
		others[i] = flowtrace.Flow(o)
	}
	facts := r.facts
	facts.Again = flowtrace.Flow(f).Alike(others)
	return flowtrace.Flow(f).Verdict(facts), nil
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
	f, err := in.store.Flow(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return hint(fmt.Errorf("there is no flow %s", id), "attempts are kept for as long as flows.keep says, and the oldest go first when there are many; sallyport flows list shows what there is")
	}
	if err != nil {
		return err
	}
	v, err := newFlowReader(in).view(ctx, f)
	if err != nil {
		return err
	}
	for _, s := range flowtrace.Flow(f).List() {
		v.Steps = append(v.Steps, stepView{s.At, string(s.Kind), string(s.Outcome), s.Said, s.ToDo, s.Code, s.Told, s.Facts, s.Count})
	}
	if v.Grant, err = sinceThen(ctx, in, f.GrantID); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.out, v)
	}
	return v.print(t)
}

// sinceThen is what became of the grant: its row counts what the trace does not.
func sinceThen(ctx context.Context, in *installation, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	found, err := in.store.Grants(ctx, store.GrantFilter{ID: id, IncludeEnded: true}, "", 1)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return grantStory(found[0]), nil
}

func grantStory(g oauth.Grant) string {
	var b strings.Builder
	switch n := g.Generation.N - 1; {
	case n < 1:
		b.WriteString("Not refreshed yet.")
	default:
		fmt.Fprintf(&b, "Refreshed %s, last at %s.", times(n), when(g.RotatedAt))
	}
	if !g.Revoked.IsZero() {
		fmt.Fprintf(&b, " Ended at %s (%s).", when(g.Revoked), g.RevokedFor)
	}
	return b.String()
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
	for _, fact := range [][2]string{{"Client", v.whoAsked()}, {"Resource", v.Resource}, {"Person", v.Username}, {"Grant", v.GrantID}, {"Since then", v.Grant}} {
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
		p.text(fmt.Sprintf("  %s  %-12s  %-7s  ", s.At.Local().Format("15:04:05"), s.Step, s.Outcome), s.Said+s.counted())
		for _, fact := range s.facts() {
			p.text(strings.Repeat(" ", indent), fact)
		}
	}
	return p.err
}

// facts are what belongs to a step, and how it was answered.
func (s stepView) facts() []string {
	if s.Error == "" {
		return s.Facts
	}
	told := "the answer was: " + s.Error
	if s.Told != "" {
		told += ", " + s.Told
	}
	return append(slices.Clone(s.Facts), told)
}

func (s stepView) counted() string {
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
