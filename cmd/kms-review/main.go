// Command kms-review reviews Terraform for AWS KMS: a change in a local git repository, a directory, or as a GitHub
// App every pull request of an organisation.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(interruptible())
}

// interruptible ends the work at the first signal; the second one ends the process as if nobody listened.
func interruptible() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, process{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environment: os.LookupEnv}, os.Args[1:])
}
