// Package clientbook is what is known about the MCP clients that people use:
// one file of data for each, in clients. The help pages, docs/clients, the
// doctor, the end-to-end tests and the last resort for metadata documents all
// read the same files, so a new client is a new file and nothing else.
//
// A file says how a person adds a server to the client, and how the client then
// connects: what it asks for, in which order, as whom, and what it cannot do
// without. Each part says how it is known: the vendor documents it, someone
// observed it, or it is assumed. Nothing is to be guessed silently.
package clientbook

//go:generate go test -run TestTheGuidesAreCurrent -update .
