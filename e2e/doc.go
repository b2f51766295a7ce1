// Package e2e holds tests of the whole: the real binary, on a loopback port,
// with clients, servers, tools and a browser that others made.
//
// What needs only Go always runs. ./check installs the rest and says where it
// is in the environment:
//
//	SALLYPORT_TEST_NODE          Node 22 or newer
//	SALLYPORT_TEST_NODE_MODULES  e2e/node_modules, after npm ci in e2e
//	SALLYPORT_TEST_CHROMIUM      Chromium or Chrome
//	SALLYPORT_TEST_POSTGRES      a PostgreSQL on which databases may be made
//	SALLYPORT_TEST_DEX           what go build makes of e2e/dex
package e2e
