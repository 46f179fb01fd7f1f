package ui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Asks says whether there is a person to ask.
func (u *UI) Asks() bool { return u.inTTY && !u.JSON }

var errNoTerminal = errors.New("standard input is not a terminal")

// Confirm asks a yes-no question on the terminal; anything but a clear yes is no.
func (u *UI) Confirm(ctx context.Context, question string) (bool, error) {
	return u.ConfirmWith(ctx, question, nil)
}

// ConfirmWith is Confirm with a third answer, d, which shows more and asks again. A nil details is no such answer.
func (u *UI) ConfirmWith(ctx context.Context, question string, details func() error) (bool, error) {
	choice := " [y/N] "
	if details != nil {
		choice = " [y/N, d for details] "
	}
	for {
		answer, err := u.ask(ctx, u.errPaint.bold(question)+choice, readLine)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return true, nil
		case "d", "details":
			if details == nil {
				return false, nil
			}
			if err := details(); err != nil {
				return false, err
			}
		default:
			return false, nil
		}
	}
}

// Secret asks for a password without echo.
func (u *UI) Secret(ctx context.Context, question string) (string, error) {
	return u.ask(ctx, question, readSecret)
}

// ask puts the question on the terminal itself, so that redirected streams neither get it nor answer it. When ctx ends
// the terminal is put back as it was; the read that is left behind ends with the process.
func (u *UI) ask(ctx context.Context, question string, read func(*os.File) (string, error)) (string, error) {
	if !u.Asks() {
		return "", errNoTerminal
	}
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	u.beginAsking()
	defer u.endAsking()
	state, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	fmt.Fprint(tty, question)
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := read(tty)
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		_ = tty.Close()
		return a.text, a.err
	case <-ctx.Done():
		_ = term.Restore(int(tty.Fd()), state)
		fmt.Fprintln(tty)
		return "", ctx.Err()
	}
}

func readLine(tty *os.File) (string, error) {
	line, err := bufio.NewReader(tty).ReadString('\n')
	if errors.Is(err, io.EOF) {
		err = nil // Ctrl-D: the empty answer
		fmt.Fprintln(tty)
	}
	return line, err
}

func readSecret(tty *os.File) (string, error) {
	secret, err := term.ReadPassword(int(tty.Fd()))
	fmt.Fprintln(tty)
	return string(secret), err
}
