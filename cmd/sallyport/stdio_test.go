package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// stdioServer is an MCP server over standard input and output. Its tool env
// shows the variables that it sees, sorted as they come.
func stdioServer() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var message struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
		}
		if json.Unmarshal(lines.Bytes(), &message) != nil || message.ID == nil {
			continue
		}
		switch message.Method {
		case "initialize":
			answer(message.ID, map[string]any{"protocolVersion": "2025-06-18", "capabilities": map[string]any{"tools": map[string]any{}},
				"serverInfo": map[string]string{"name": "script", "version": "1"}})
		case "tools/call":
			text := fmt.Sprint(os.Environ())
			answer(message.ID, map[string]any{"content": []map[string]string{{"type": "text", "text": text}}})
		default:
			fmt.Printf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}`+"\n", message.ID)
		}
	}
}

func answer(id json.RawMessage, result any) {
	text, err := json.Marshal(result)
	if err != nil {
		panic(err) // maps of texts
	}
	fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":%s}`+"\n", id, text)
}
