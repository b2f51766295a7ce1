package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

var flowID = regexp.MustCompile(`flow ([2-9A-Z]{4}-[2-9A-Z]{4})`)

// The URL in the client is not that of the server: the person is told so, goes back
// to the client with its error, and has an id for whoever runs the server, who finds
// the same sentence.
func TestThePersonAndTheOperatorReadTheSameSentence(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "")
	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")
	c.resource = d.URL + "/sse"
	p := c.authorization("")
	b := newTab(t, browser)
	b.open(p.url)
	b.expects("400")
	b.says("e2e asked for resource=" + c.resource + "; this server is " + d.MCP + ". What to do: Enter " + d.MCP + " in e2e.")
	b.look("wrong-resource")
	named := flowID.FindStringSubmatch(b.text())
	if named == nil {
		t.Fatalf("the page names no flow: %s", b.text())
	}
	b.follow("Back to a program on this computer (127.0.0.1)")
	b.says("You can close this")
	if q := here.answer(t); q.Get("error") != "invalid_target" || q.Get("state") != p.state || q.Get("iss") != d.URL || q.Has("code") {
		t.Errorf("the client is told %v", q)
	}

	d.close() // what waits is written
	shown := d.run("", "flows", "show", strings.ToLower(named[1]))
	for _, want := range []string{
		"Flow " + named[1] + ": refused at authorize",
		"e2e asked for `resource=" + c.resource + "`; this server is `" + d.MCP + "`.",
		"What to do: Enter `" + d.MCP + "` in e2e.",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("the operator is not told %q:\n%s", want, shown)
		}
	}
}

// The person allowed it, and the client never came for its token.
func TestAClientThatNeverCameBackIsToldOf(t *testing.T) {
	d := newDoor(t, "")
	c := d.register(t, "https://client.example/callback", "none")
	c.code(t, d.visitor(), "")
	d.close()
	if listed := d.run("", "flows", "list", "--failed"); strings.Contains(listed, "never came") {
		t.Errorf("it is missed at once:\n%s", listed)
	}
	d.age(5 * time.Minute)
	listed := d.run("", "flows", "list", "--failed")
	id := regexp.MustCompile(`(?m)^(\S+) .* never came +code +The browser was sent back to the client with a code, and the client never came for its token\. +ada`).FindStringSubmatch(listed)
	if id == nil {
		t.Fatalf("nobody misses it:\n%s", listed)
	}
	shown := d.run("", "flows", "show", id[1])
	for _, want := range []string{"registration  ok", "authorize     ok", "The person allowed it.", "What to do: The redirect did not arrive."} {
		if !strings.Contains(shown, want) {
			t.Errorf("the operator is not told %q:\n%s", want, shown)
		}
	}
}

var stepTime = regexp.MustCompile(`(?m)^\{"t":(\d+)`)

// age makes the flows of an installation begin earlier than they did, which is
// quicker than to wait for the time to pass.
func (d *door) age(by time.Duration) {
	d.t.Helper()
	ctx := d.t.Context()
	s, err := sqlstore.Open(ctx, sqlstore.Options{Path: filepath.Join(filepath.Dir(d.settings), "data", "sallyport.db")})
	if err != nil {
		d.t.Fatal(err)
	}
	defer s.Close()
	flows, err := s.Flows(ctx, store.Flow{}, 1000)
	if err != nil || len(flows) == 0 {
		d.t.Fatalf("there are %d flows: %v", len(flows), err)
	}
	if _, err := s.PruneFlows(ctx, time.Now().Add(time.Hour), 0); err != nil {
		d.t.Fatal(err)
	}
	for i := range flows {
		f := &flows[i]
		f.Started, f.Last = f.Started.Add(-by), f.Last.Add(-by)
		f.Steps = stepTime.ReplaceAllStringFunc(f.Steps, func(at string) string {
			ms, err := strconv.ParseInt(strings.TrimPrefix(at, `{"t":`), 10, 64)
			if err != nil {
				d.t.Fatal(err)
			}
			return fmt.Sprintf(`{"t":%d`, ms-by.Milliseconds())
		})
	}
	if err := s.Follow(ctx, flows); err != nil {
		d.t.Fatal(err)
	}
}
