package flowtrace

import (
	"strings"
	"testing"
	"time"
)

// A firewall that eats the first call after a good sign-in leaves nothing behind
// but a token that was never used.
func TestATokenThatNobodyUsedIsToldOf(t *testing.T) {
	issued := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	f := Flow{Started: issued, Last: issued, Steps: Step{At: issued, Kind: Token, Outcome: OK, Said: "An access token was issued."}.text()}
	if v := f.Verdict(Facts{Now: issued.Add(time.Minute)}); v.Result != Underway {
		t.Errorf("a minute later: %+v", v)
	}
	v := f.Verdict(Facts{Now: issued.Add(time.Hour)})
	if v.Result != Ended || v.At != Token || !strings.Contains(v.Said, "never used") || !strings.Contains(v.ToDo, "firewall") {
		t.Errorf("an hour later: %+v", v)
	}
	f.Steps += Step{At: issued.Add(time.Second), Kind: Call, Outcome: OK, Said: "It was used."}.text()
	if v := f.Verdict(Facts{Now: issued.Add(time.Hour)}); v.Result != Connected {
		t.Errorf("after a call: %+v", v)
	}
}
