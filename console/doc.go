// Package console is the administration of this server: the API at /api/v1.
//
// The API is a protected resource of the server itself: a request brings an
// access token that an administrator allowed a client to have, for this resource
// and for what it asks. Cookies are not looked at, and there is no CORS, so that
// no page in a browser can do anything here.
//
// Reading downwards: api.go names every path and admits, flows.go reads the flow
// trace as the API and the command line show it.
//
// Not there yet: everything else that the command line does.
package console
