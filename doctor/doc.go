// Package doctor looks at an MCP server as each client would, and says in words
// what is right, what is wrong, who will stumble over it, and how to mend it.
//
// It works in three rooms. A probe collects observations, once: a bounded number
// of requests, each with a time limit and a bound on what is read of the answer,
// redirects recorded. The checks are functions from observations to findings,
// one file per topic; each [Kind] of finding stands above the check that makes
// it. A verdict per client follows from the findings and from what the client is
// known to need, which is data.
//
// The server that is looked at is a stranger. What it says is bounded, redacted
// and made printable before anyone sees it, and a server on the public internet
// cannot send the doctor to an address inside.
//
//go:generate go test -run TestTheListOfFindingsIsCurrent -update .
package doctor
