package stdio

import (
	"context"
	"net/http"
	"testing"
	"time"
)

// Whoever has not signed in gets a child for one request. If they leave before it
// is ready, nobody else will ever use it; and strangers could fill every place.
func TestAChildForOneRequestEndsAlsoWhereItsClientLeftBeforeItWasReady(t *testing.T) {
	d := bridgeTo(t, "mirror")
	m, err := parseOne([]byte(modernCall("1", "tools/list", "").body))
	if err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := d.childOf(gone, whose{}, m); err == nil {
		t.Fatal("a client that had gone was given a child")
	}
	d.log.waitFor(t, "stdio server ended")
}

// Each request of a stranger costs a process. Without a pace, one of them could
// have the machine do nothing else.
func TestStrangersAreGivenChildrenAtAPace(t *testing.T) {
	d := bridgeTo(t, "mirror", func(b *Bridge) { b.limits.strangers, b.limits.pace = 2, time.Hour })
	stateless, session := modernCall("1", "x", ""), exchange{body: hello, header: map[string]string{}}
	for i, x := range []exchange{stateless, session, stateless, session} {
		x.header["X-Person"] = ""
		status, body, header := d.do(t, x)
		switch {
		case i < 2 && status != http.StatusOK:
			t.Errorf("request %d: %d %s", i, status, body)
		case i >= 2 && (status != http.StatusTooManyRequests || header.Get("Retry-After") == ""):
			t.Errorf("request %d: %d %s", i, status, body)
		}
	}
	// Who is somebody notices nothing.
	for _, x := range []exchange{modernCall("1", "x", ""), {body: hello}} {
		if status, body, _ := d.do(t, x); status != http.StatusOK {
			t.Errorf("ada: %d %s", status, body)
		}
	}
}
