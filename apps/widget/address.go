package widget

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// digits is how much of the digest an address has, as hexadecimal digits. Nobody
// gains by a page of the same digest: only this server answers its addresses.
const digits = 12

// Address is the URI with a digest of what chats cache: the page, and what is said
// of it. Of ui://widget/board.html it is ui://widget/board.0123456789ab.html. It
// changes whenever those do, because a chat that has read an address once need not
// read it again.
//
// MCP Apps 2026-01-26 lets hosts fetch and cache pages ahead of any call, by the
// address that tools/list has.
func (p Page) Address() string {
	sum := sha256.New()
	said, err := json.Marshal([]any{p.Name, p.Title, p.meta("")})
	if err != nil {
		panic(err) // texts, lists of them and truth values
	}
	sum.Write(said)
	sum.Write([]byte(p.HTML))
	stem, end := p.parts()
	return stem + "." + hex.EncodeToString(sum.Sum(nil))[:digits] + end
}

// parts are the two ends of the URI that a digest goes between.
func (p Page) parts() (stem, end string) {
	end = path.Ext(p.URI)
	return strings.TrimSuffix(p.URI, end), end
}

// had reports whether the page is, or was, at a URI.
func (p Page) had(uri string) bool {
	if uri == p.URI {
		return true
	}
	stem, end := p.parts()
	rest, begins := strings.CutPrefix(uri, stem+".")
	digest, ends := strings.CutSuffix(rest, end)
	return begins && ends && len(digest) == digits && strings.Trim(digest, "0123456789abcdef") == ""
}

// atEarlierAddresses reads the page where something else is asked for that was
// once its address. A template would do so too, but would be listed, and people
// would be offered to fill it in.
func (p Page) atEarlierAddresses(address string) mcp.Middleware {
	return func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			read, ok := req.(*mcp.ReadResourceRequest)
			if !ok || read.Params == nil || !p.had(read.Params.URI) {
				return next(ctx, method, req)
			}
			asked := read.Params.URI
			read.Params.URI = address
			res, err := next(ctx, method, req)
			if page, ok := res.(*mcp.ReadResourceResult); ok && page != nil && err == nil {
				for _, c := range page.Contents {
					c.URI = asked // hosts look for what they asked for
				}
				if asked != address {
					page.TTLMs = 0 // it may be the address of a page to come, at a replica that has it
				}
			}
			return res, err
		}
	}
}
