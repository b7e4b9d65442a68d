// cubby with the net/http of Go. See clients_test.py.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"reflect"
)

type fields map[string]string

type reply struct {
	status int
	header http.Header
	body   []byte
}

var url = os.Args[1]

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func expect(what string, expected, actual any) {
	if !reflect.DeepEqual(expected, actual) {
		log.Fatalf("%s: %v instead of %v", what, actual, expected)
	}
}

func request(method, path string, header fields, body []byte) reply {
	asked, err := http.NewRequest(method, url+path, bytes.NewReader(body))
	must(err)
	for name, value := range header {
		asked.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(asked)
	must(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	must(err)
	return reply{answer.StatusCode, answer.Header, content}
}

func batch(operations string) []map[string]any {
	answer := request("POST", "/v1/batch", nil, []byte(operations))
	expect("status of the batch", 200, answer.status)
	var results []map[string]any
	must(json.Unmarshal(answer.body, &results))
	return results
}

func main() {
	text := fields{"Content-Type": "text/plain"}

	answer := request("PUT", "/v1/keys/greeting", text, []byte("hello"))
	expect("status", 201, answer.status)
	first := answer.header.Get("ETag")
	fmt.Println("put creates")

	answer = request("PUT", "/v1/keys/greeting", text, []byte("hello again"))
	expect("status", 204, answer.status)
	tag := answer.header.Get("ETag")
	expect("another tag", true, tag != "" && tag != first)
	fmt.Println("put replaces")

	answer = request("GET", "/v1/keys/greeting", nil, nil)
	expect("status", 200, answer.status)
	expect("value", "hello again", string(answer.body))
	expect("type", "text/plain", answer.header.Get("Content-Type"))
	expect("tag", tag, answer.header.Get("ETag"))
	fmt.Println("get returns value, type and tag")

	answer = request("GET", "/v1/keys/nothing", nil, nil)
	expect("status", 404, answer.status)
	expect("type", "application/problem+json", answer.header.Get("Content-Type"))
	var problem map[string]any
	must(json.Unmarshal(answer.body, &problem))
	expect("problem", "urn:cubby:error:key-not-found", problem["type"])
	fmt.Println("get of nothing is a problem")

	answer = request("GET", "/v1/keys/greeting", fields{"If-None-Match": tag}, nil)
	expect("status", 304, answer.status)
	expect("length", 0, len(answer.body))
	fmt.Println("get of the same is 304")

	answer = request("PUT", "/v1/keys/greeting", fields{"If-None-Match": "*"}, []byte("other"))
	expect("status", 412, answer.status)
	answer = request("PUT", "/v1/keys/other", fields{"If-None-Match": "*"}, []byte("other"))
	expect("status", 201, answer.status)
	fmt.Println("put if absent")

	answer = request("PUT", "/v1/keys/greeting", fields{"If-Match": first}, []byte("lost"))
	expect("status", 412, answer.status)
	answer = request("PUT", "/v1/keys/greeting", fields{"If-Match": tag}, []byte("won"))
	expect("status", 204, answer.status)
	expect("value", "won", string(request("GET", "/v1/keys/greeting", nil, nil).body))
	fmt.Println("put if unchanged")

	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	answer = request("PUT", "/v1/keys/bytes", nil, everyByte)
	expect("status", 201, answer.status)
	expect("bytes", everyByte, request("GET", "/v1/keys/bytes", nil, nil).body)
	fmt.Println("every byte as a value")

	encoded := base64.StdEncoding.EncodeToString(everyByte)
	results := batch(`[{"op": "put", "key": "batched", "value_base64": "` + encoded + `"},
		{"op": "get", "key": "batched"}]`)
	expect("status", 201.0, results[0]["status"])
	expect("value", encoded, results[1]["value_base64"])
	expect("bytes", everyByte, request("GET", "/v1/keys/batched", nil, nil).body)
	fmt.Println("every byte in a batch")

	results = batch(`[{"op": "put", "key": "one", "value": "1", "ttl": 60},
		{"op": "incr", "key": "one", "by": 41},
		{"op": "get", "key": "one"},
		{"op": "delete", "key": "one"},
		{"op": "get", "key": "one"}]`)
	for i, status := range []float64{201, 200, 200, 204, 404} {
		expect("status", status, results[i]["status"])
	}
	expect("number", 42.0, results[1]["value"])
	expect("value", "42", results[2]["value"])
	fmt.Println("batch")
}
