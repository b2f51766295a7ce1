// Package oauth holds the words of the protocol: clients, grants, codes,
// scopes, resources, secrets and refusals, and the rules that need nothing but
// these words. It imports the standard library only, reads no clock and does no
// I/O, so that every other room can speak it and every rule can be tested with
// plain values.
package oauth
