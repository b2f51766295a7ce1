// Package gateway stands in front of MCP servers that know nothing of OAuth: it
// verifies the token, permits the call, strips what the client sent for itself,
// attaches what the upstream should know of the person, and proxies.
//
// The client's token never goes upstream, and nothing is derived from the Host
// or the forwarding headers of a request. Streams pass unbuffered; bodies pass
// byte for byte.
package gateway
