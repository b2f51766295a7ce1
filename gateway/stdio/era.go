package stdio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// An era is which generation of the protocol the server speaks. It is a
// property of the server, so one answer holds for all of its children.
type era int

const (
	eraUnknown era = iota
	eraLegacy      // with initialize
	eraModern      // without
)

var errLegacy = errors.New("the server knows no version without sessions")

// legacyVersions are those that this bridge speaks with sessions.
var legacyVersions = []string{"2025-11-25", "2025-06-18", "2025-03-26"}

// refuseVersion tells a client of the new generation to use an older version.
// The caller holds the lock.
//
// MCP 2026-07-28, versioning: a server that does not implement the requested
// version "MUST respond with an UnsupportedProtocolVersionError listing the
// versions it does support"; over HTTP with 400.
func (b *Bridge) refuseVersion(m message) *refusal {
	requested, _ := m.meta(metaVersion)
	no := refuse(http.StatusBadRequest, codeVersion, "this MCP server speaks older versions only, beginning with initialize").to(m.id)
	no.data = map[string]any{"supported": b.versions, "requested": textOf(requested)}
	return no
}

// probe finds out whether the child can do without initialize. Whoever found
// out before has done it for all.
//
// MCP 2026-07-28, stdio: probe with server/discover; a DiscoverResult or "a
// recognized modern JSON-RPC error" mean modern, and "any other error" or
// silence legacy.
//
// Silence is the difficulty: a slow start (npx may have to download first) looks
// the same. A ping behind the probe tells them apart, because every server
// answers it, if only to say that it no longer exists.
func (s *shared) probe(ctx context.Context) error {
	b := s.bridge
	b.mu.Lock()
	known := b.era
	b.mu.Unlock()
	if known == eraModern {
		return nil
	}
	discover, err := s.ask(ctx, "server/discover")
	if err != nil {
		return err
	}
	ping, err := s.ask(ctx, "ping")
	if err != nil {
		return err
	}
	answer, err := s.firstOf(ctx, discover, ping)
	if err != nil {
		return err
	}
	found, versions := judge(answer)
	b.mu.Lock()
	b.era, b.versions = found, versions
	b.mu.Unlock()
	if found == eraLegacy {
		return errLegacy
	}
	return nil
}

// ask sends a request of our own.
func (s *shared) ask(ctx context.Context, method string) (*sharedCall, error) {
	raw, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": method, "method": method,
		"params": map[string]any{"_meta": map[string]any{
			metaVersion:                                  modernVersion,
			"io.modelcontextprotocol/clientInfo":         map[string]string{"name": "sallyport", "version": "1"},
			"io.modelcontextprotocol/clientCapabilities": struct{}{},
		}},
	})
	if err != nil {
		return nil, err
	}
	m, err := parseOne(raw)
	if err != nil {
		return nil, err
	}
	c, line, err := s.register(m)
	if err != nil {
		return nil, err
	}
	return c, s.child.send(ctx, line)
}

// firstOf waits for the answer to discover; once ping was answered, not for
// long. No answer is nil.
func (s *shared) firstOf(ctx context.Context, discover, ping *sharedCall) ([]byte, error) {
	defer s.abandon(discover)
	defer s.abandon(ping)
	var enough <-chan time.Time
	for {
		found, alive := discover.to.since(0, 0), ping.to.since(0, 0)
		if len(found.events) > 0 {
			if s.stopped() {
				return nil, refuse(http.StatusBadGateway, codeInternal, "the MCP server ended before it answered")
			}
			return found.events[0].data, nil
		}
		pinged := alive.changed
		if len(alive.events) > 0 {
			pinged = nil
			if enough == nil {
				timer := time.NewTimer(s.bridge.limits.patience)
				defer timer.Stop()
				enough = timer.C
			}
		}
		select {
		case <-found.changed:
		case <-pinged:
		case <-enough:
			return nil, nil
		case <-ctx.Done():
			return nil, refuse(http.StatusGatewayTimeout, codeInternal, "the MCP server did not answer in time")
		}
	}
}

// judge reads the answer to server/discover: which era, and of the older one
// which versions.
func judge(answer []byte) (era, []string) {
	m, err := parseOne(answer)
	if err != nil {
		return eraLegacy, legacyVersions
	}
	if _, ok := field(m.result, "supportedVersions"); ok {
		return eraModern, nil
	}
	code, _ := field(m.failed, "code")
	switch string(code) {
	case strconv.Itoa(codeHeaderMismatch), strconv.Itoa(codeMissingAbility):
		return eraModern, nil
	case strconv.Itoa(codeVersion):
		// Modern in manners; but without a modern version its clients have to
		// begin with initialize all the same.
		data, _ := field(m.failed, "data")
		supported, _ := field(data, "supported")
		var versions []string
		if json.Unmarshal(supported, &versions) != nil || len(versions) == 0 || slices.Max(versions) >= modernVersion {
			return eraModern, nil
		}
		return eraLegacy, versions
	}
	return eraLegacy, legacyVersions
}
