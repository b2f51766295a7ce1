package authserver_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/store"
)

// A story is what the flow trace has written so far.
type story struct {
	last      string          // the flow that was written to last
	explained map[string]bool // code and description of every refusal that was explained
}

// traceFlows keeps flows in the scene's own database. They are written when
// somebody looks.
func (s *scene) traceFlows() {
	s.story = &story{explained: map[string]bool{}}
	s.flows = flowtrace.New(flowtrace.Options{
		Write: func(ctx context.Context, flows []flowtrace.Flow) error {
			rows := make([]store.Flow, len(flows))
			for i, f := range flows {
				rows[i] = store.Flow(f)
				s.story.add(f)
			}
			return s.store.Follow(ctx, rows)
		},
		Address: seemingly, Resources: s.setting.resources, Now: s.clock.Now,
	})
}

func (st *story) add(f flowtrace.Flow) {
	if f.ID != "" {
		st.last = f.ID
	}
	for _, step := range f.List() {
		if step.Code == "" || step.Said == "" || step.ToDo == "" {
			continue
		}
		told := step.Told
		if told == "" {
			told = step.Said
		}
		st.explained[step.Code+" "+plainly(told)] = true
	}
}

// plainly is a description without what makes it a sentence.
func plainly(description string) string {
	return strings.ToLower(strings.TrimSuffix(description, "."))
}

// tracedPaths are those of the way to a connection.
var tracedPaths = []string{"/oauth/authorize", "/authorize", "/login", "/consent", "/oauth/token", "/token", "/oauth/register", "/register"}

var flowOnPage = regexp.MustCompile(`For whoever runs this server: <code>flow ([2-9A-Z]{4}-[2-9A-Z]{4})</code>`)

// traceManners: whatever is refused on the way to a connection, the flow trace
// says what happened and what to do, and a person is given its id.
func (s *scene) traceManners(a *answer) error {
	if !slices.Contains(tracedPaths, a.path) || a.status == http.StatusMethodNotAllowed || a.status == http.StatusNotFound || s.faulty || s.story == nil {
		return nil
	}
	s.flows.Flush(context.Background()) // the context of a fuzz test is not for what it calls
	if strings.Contains(a.body, "For whoever runs this server") && s.flows.Dropped() == 0 {
		return s.pageIsExplained(a)
	}
	code, description := refusalOf(a)
	if code == "" || s.flows.Dropped() > 0 || s.story.explained[code+" "+plainly(description)] {
		return nil
	}
	return fmt.Errorf("the flow trace does not explain %s: %s", code, description)
}

// refusalOf is what a client was told.
func refusalOf(a *answer) (code, description string) {
	if u, err := url.Parse(a.header.Get("Location")); err == nil && u.Query().Get("error") != "" {
		return u.Query().Get("error"), u.Query().Get("error_description")
	}
	if a.status < 400 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		return "", ""
	}
	code, _ = memberOf(a.body, "error")
	description, _ = memberOf(a.body, "error_description")
	return code, description
}

func (s *scene) pageIsExplained(a *answer) error {
	found := flowOnPage.FindStringSubmatch(a.body)
	if found == nil {
		return errors.New("a page that ends an attempt to connect has no id of a flow")
	}
	f, err := s.store.Flow(context.Background(), found[1])
	if err != nil {
		return fmt.Errorf("the flow of a page is not kept: %w", err)
	}
	text := html.UnescapeString(strings.NewReplacer("<code>", "", "</code>", "").Replace(a.body))
	for _, step := range flowtrace.Flow(f).List() {
		if step.Code != "" && step.ToDo != "" && (step.Outcome == flowtrace.Failed || strings.Contains(text, strings.ReplaceAll(step.Said, "`", ""))) {
			return nil
		}
	}
	return errors.New("the flow trace has another sentence than the page")
}

// telling is the last flow as people read it.
func (s *scene) telling() (string, error) {
	s.flows.Flush(s.t.Context())
	f, err := s.store.Flow(s.t.Context(), s.story.last)
	if err != nil {
		return "", fmt.Errorf("no flow was kept: %w", err)
	}
	v := flowtrace.Flow(f).Verdict(flowtrace.Facts{Now: s.clock.Now()})
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %s: %s What to do: %s\n", v.Result, v.At, v.Said, v.ToDo)
	fmt.Fprintf(&b, "client %s %s, resource %s, person %s, grant %s\n", f.ClientID, f.ClientName, f.Resource, f.Subject, f.GrantID)
	for _, step := range flowtrace.Flow(f).List() {
		fmt.Fprintf(&b, "%s %s %s", step.Kind, step.Outcome, step.Said)
		if step.Count > 1 {
			fmt.Fprintf(&b, " x%d", step.Count)
		}
		fmt.Fprintf(&b, " [%s]\n", strings.Join(step.Facts, "; "))
	}
	return b.String(), nil
}

// checkFlow looks at the last flow: "flow TEXT" or, with not, "flow-not TEXT".
func (s *scene) checkFlow(want string, not bool) error {
	text, err := s.telling()
	if err != nil {
		return err
	}
	if strings.Contains(text, want) == not {
		return fmt.Errorf("the flow says\n%s", text)
	}
	return nil
}

// checkFlows counts them.
func (s *scene) checkFlows(want string) error {
	s.flows.Flush(s.t.Context())
	all, err := s.store.Flows(s.t.Context(), store.Flow{}, 1000)
	if err != nil {
		return err
	}
	return same(fmt.Sprint(len(all)), want)
}
