package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"example/jump"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		parts := strings.Split(lines.Text(), "\t")
		body, err := base64.StdEncoding.DecodeString(parts[2])
		if err != nil {
			panic(err)
		}
		if jump.IsFromJump(parts[0], parts[1], body) {
			fmt.Println("yes")
		} else {
			fmt.Println("no")
		}
	}
}
