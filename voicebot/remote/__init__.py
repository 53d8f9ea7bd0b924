"""What every service outside this process needs: a loop to wait in, and a breaker for bad days."""
