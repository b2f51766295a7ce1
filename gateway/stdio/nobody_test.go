package stdio

import (
	"context"
	"testing"
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
	if _, err := d.childOf(gone, "", m); err == nil {
		t.Fatal("a client that had gone was given a child")
	}
	d.log.waitFor(t, "stdio server ended")
}
