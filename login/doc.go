// Package login is how a person proves who they are: with a password kept here,
// with a passkey, or by an upstream that already knows them.
package login
