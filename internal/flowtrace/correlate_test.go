package flowtrace

import (
	"strings"
	"testing"
	"time"
)

const whole = "discovery discovery discovery registration authorize sign-in sign-in consent code token call"

func TestAnAttemptIsOneFlowFromItsFirstAnonymousRequestOn(t *testing.T) {
	d := newDesk(t)
	d.at("192.0.2.1", "claude-code/2.1").connects(app("one", "Claude Code"), "ada", "g_1")
	flows := d.flows()
	if len(flows) != 1 {
		t.Fatalf("there are %d flows", len(flows))
	}
	f := flows[0]
	if got := kinds(f); got != whole {
		t.Errorf("its steps are %s", got)
	}
	if f.ClientID != "one" || f.ClientName != "Claude Code" || f.Subject != "ada" || f.GrantID != "g_1" || f.Resource != guarded[0].ID || f.Standing != Person || f.Called.IsZero() {
		t.Errorf("it is %+v", f)
	}
	if v := f.Verdict(Facts{Now: d.now}); v.Result != Connected {
		t.Errorf("it is taken for %+v", v)
	}
}

// A hosted client asks from its own place, and the person's browser from theirs.
func TestAHostedClientsFlowIsFoundFromThePersonsBrowser(t *testing.T) {
	d := newDesk(t)
	claude := app("https://claude.ai/client", "Claude", "https://claude.ai/api/mcp/auth_callback")
	vendor := d.at("198.51.100.7", "Claude-User/1.0")
	vendor.discovers()
	home := d.at("203.0.113.9", "Mozilla/5.0")
	vendor.redeems(claude, home.agrees(claude, home.authorizes(claude, "x"), "ada"), "g_1")
	if flows := d.flows(); len(flows) != 1 || !strings.HasPrefix(kinds(flows[0]), "discovery discovery discovery authorize") {
		t.Errorf("there are %d flows, the first of which is %s", len(flows), kinds(flows[0]))
	}
}

// Two clients connect behind one address at the same time, step by step in turn.
func TestTwoClientsBehindOneAddressAreToldApart(t *testing.T) {
	for name, two := range map[string][2]struct {
		agent, id, name string
	}{
		"by what they call themselves":          {{"cursor/1.0", "a", "Cursor"}, {"vscode/1.9", "b", "VS Code"}},
		"by words that nobody knows":            {{"alpha/1.0", "a", "Alpha"}, {"beta/1.0", "b", "Beta"}},
		"by their registrations, of one make":   {{"claude-code/2.1", "a", "Claude Code"}, {"claude-code/2.1", "b", "Claude Code"}},
		"by their registrations, and no agents": {{"", "a", ""}, {"", "b", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			a, b := two[0], two[1]
			first, second := app(a.id, a.name), app(b.id, b.name)
			one, other, browser := d.at("192.0.2.1", a.agent), d.at("192.0.2.1", b.agent), d.at("192.0.2.1", "Mozilla/5.0")
			one.discovers()
			other.discovers()
			one.registers(first)
			other.registers(second)
			sealedFirst, sealedSecond := browser.authorizes(first, "s1"), browser.authorizes(second, "s2")
			codeSecond, codeFirst := browser.agrees(second, sealedSecond, "grace"), browser.agrees(first, sealedFirst, "ada")
			other.redeems(second, codeSecond, "g_b")
			one.redeems(first, codeFirst, "g_a")
			for _, f := range d.flows() {
				if want := map[string]string{"a": "ada g_a", "b": "grace g_b"}[f.ClientID]; f.Subject+" "+f.GrantID != want {
					t.Errorf("the flow of %q has the person and the grant %s %s", f.ClientID, f.Subject, f.GrantID)
				}
				if steps := kinds(f); strings.Count(steps, "registration") != 1 || strings.Count(steps, "authorize") != 1 || strings.Count(steps, "token") != 1 {
					t.Errorf("the flow of %q is %s", f.ClientID, steps)
				}
				if strings.Contains(f.Steps, "{who}") || a.name != b.name && f.ClientID == "a" && strings.Contains(f.Steps, b.name) {
					t.Errorf("the flow of %q says %s", f.ClientID, f.Steps)
				}
			}
			if n := len(d.flows()); n != 2 {
				t.Errorf("there are %d flows", n)
			}
		})
	}
}

// One program on two machines behind one address, whose identical registrations
// are one client: nothing tells them apart until each browser carries its own
// sealed request. What came before is told in the flow of the first.
func TestWhenNothingTellsTwoClientsApartTheFirstHasWhatCameBefore(t *testing.T) {
	d := newDesk(t)
	c := app("shared", "Claude Code")
	program, browser := d.at("192.0.2.1", "claude-code/2.1"), d.at("192.0.2.1", "Mozilla/5.0")
	for range 2 {
		program.discovers()
		program.registers(c)
	}
	first, second := browser.authorizes(c, "s1"), browser.authorizes(c, "s2")
	program.redeems(c, browser.agrees(c, second, "grace"), "g_b")
	program.redeems(c, browser.agrees(c, first, "ada"), "g_a")
	flows := d.flows()
	if len(flows) != 2 {
		t.Fatalf("there are %d flows", len(flows))
	}
	if f := flows[0]; f.Subject != "ada" || f.GrantID != "g_a" || kinds(f) != strings.TrimSuffix(whole, " call") {
		t.Errorf("the first is %s of %s", kinds(f), f.Subject)
	}
	if f := flows[1]; f.Subject != "grace" || f.GrantID != "g_b" || kinds(f) != "authorize sign-in sign-in consent code token" {
		t.Errorf("the second is %s of %s", kinds(f), f.Subject)
	}
	if flows[0].List()[3].Count != 2 {
		t.Errorf("the registration was counted %d times", flows[0].List()[3].Count)
	}
}

func TestAnAuthorizationRequestThatIsOpenedAgainIsTheSameAttempt(t *testing.T) {
	d := newDesk(t)
	c := app("one", "Claude Code")
	browser := d.at("192.0.2.1", "Mozilla/5.0")
	if a, b := browser.authorizes(c, "s"), browser.authorizes(c, "s"); a != b {
		t.Errorf("the same request is in flow %s and in %s", a, b)
	}
	if a, b := browser.authorizes(c, "s"), browser.authorizes(c, "another"); a == b {
		t.Error("two requests are one flow")
	}
}

func TestWhatComesMuchLaterIsAnotherAttempt(t *testing.T) {
	d := newDesk(t)
	program := d.at("192.0.2.1", "cursor/1.0")
	program.discovers()
	d.now = d.now.Add(window + time.Minute)
	program.discovers()
	if n := len(d.flows()); n != 2 {
		t.Errorf("there are %d flows", n)
	}
}

// Sealed values lead any replica to the flow, and the grant leads to it where the
// token is used.
func TestReplicasTellOneFlow(t *testing.T) {
	d := newDesk(t)
	other := New(Options{Write: d.write, Address: from, Resources: guarded, Now: func() time.Time { return d.now }})
	here := d.rec
	c := app("one", "Claude Code")
	browser := d.at("192.0.2.1", "Mozilla/5.0")
	sealed := browser.authorizes(c, "s")
	d.rec = other
	code := browser.agrees(c, sealed, "ada")
	d.rec = here
	browser.redeems(c, code, "g_1")
	here.Flush(t.Context())
	other.Called("g_1")
	other.Flush(t.Context())
	flows := d.flows()
	if len(flows) != 1 || kinds(flows[0]) != "authorize sign-in sign-in consent code token call" || code != sealed {
		t.Errorf("there are %d flows, the first of which is %s", len(flows), kinds(flows[0]))
	}
}
