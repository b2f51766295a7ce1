package flowtrace

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// At each step, the one that should follow does not come. Until it is due the flow
// is under way; then it says what did not come, and what to look at.
func TestWhatNeverCameIsToldOf(t *testing.T) {
	c := app("one", "Claude Code")
	for name, tc := range map[string]struct {
		until  Kind
		waits  time.Duration
		result string
		said   string
		toDo   string
	}{
		"nobody went on after the metadata":              {Discovery, patience, Looked, "did not go on", "registration.dynamic"},
		"a registered client never asked":                {Registration, patience, Ended, "never asked for permission", "opened a browser"},
		"the sign-in page was never opened":              {Authorize, patienceHuman, Ended, "the page was never opened", "proxy"},
		"nobody signed in":                               {SignIn, patienceHuman, Ended, "never came to the consent page", "cookies"},
		"a redirect that never returned to its client":   {Code, patience, Ended, "never came for its token", "The redirect did not arrive"},
		"a token that was issued and that nobody used":   {Token, patience, Ended, "never used", "firewall or a CDN"},
		"nothing is missing once the token was used":     {Call, 0, Connected, "the connection works", ""},
		"a token whose calls are not seen is not blamed": {Refresh, 0, Issued, "guarded elsewhere", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				facts := Facts{}
				if tc.until == Refresh {
					facts.Elsewhere = func(resource string) bool { return resource == guarded[0].ID }
				}
				d.rec = New(Options{Write: d.write, Address: from, Resources: guarded, Now: time.Now})
				d.walk(c, tc.until)
				f := d.flows()[0]
				if tc.waits > 0 {
					time.Sleep(tc.waits - time.Second)
					if facts.Now = time.Now(); f.Verdict(facts).Result != Underway {
						t.Errorf("too early it says %+v", f.Verdict(facts))
					}
				}
				time.Sleep(2 * time.Second)
				facts.Now = time.Now()
				v := f.Verdict(facts)
				if v.Result != tc.result || !strings.Contains(v.Said, tc.said) || !strings.Contains(v.ToDo, tc.toDo) {
					t.Errorf("it says %+v", v)
				}
			})
		})
	}
}

// walk goes as far as a step.
func (d *desk) walk(c oauth.Client, until Kind) {
	program, browser := d.at("192.0.2.1", "claude-code/2.1"), d.at("192.0.2.1", "Mozilla/5.0")
	var sealed string
	for _, step := range []struct {
		kind Kind
		do   func()
	}{
		{Discovery, program.discovers},
		{Registration, func() { program.registers(c) }},
		{Authorize, func() { sealed = browser.authorizes(c, "s") }},
		{SignIn, func() {
			browser.asks(SignIn, func(a *Attempt) {
				a.Join(sealed)
				a.Person("ada")
				a.Did(SignIn, SignedIn)
			})
		}},
		{Code, func() { browser.agrees(c, sealed, "ada") }},
		{Token, func() { program.redeems(c, sealed, "g_1") }},
		{Call, func() { d.rec.Called("g_1") }},
	} {
		if step.kind == Call && until == Refresh {
			return
		}
		step.do()
		if step.kind == until {
			return
		}
	}
}

// A client that registers again and again, in one flow or, where each time it says
// something else of itself, in one after the other.
func TestAClientThatRegistersAgainAndAgainIsToldOf(t *testing.T) {
	for name, id := range map[string]func(int) string{
		"as one client":       func(int) string { return "one" },
		"as another one each": func(i int) string { return fmt.Sprint("c", i) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.rec = New(Options{Write: d.write, Address: from, Resources: guarded, Now: time.Now})
				program := d.at("192.0.2.1", "loopy/1.0")
				for i := range 2 * often {
					program.registers(app(id(i), "Loopy"))
					time.Sleep(time.Minute)
				}
				time.Sleep(patience)
				flows := d.flows()
				for _, f := range flows {
					v := f.Verdict(Facts{Now: time.Now(), Again: f.Alike(flows)})
					if v.Result != Ended || !strings.Contains(v.Said, "times within an hour") || !strings.Contains(v.ToDo, "forgets its registration") {
						t.Errorf("it says %+v", v)
					}
				}
				// The registrations of those that went on, or of others, are not counted.
				last := flows[len(flows)-1]
				d.at("192.0.2.9", "other/1.0").registers(app("x", "Other"))
				d.at("192.0.2.8", "loopy/1.0").connects(app("y", "Loopy"), "ada", "g_1")
				if before, after := last.Alike(flows), last.Alike(d.flows()); before != after {
					t.Errorf("%d times, and then %d", before, after)
				}
			})
		})
	}
}
