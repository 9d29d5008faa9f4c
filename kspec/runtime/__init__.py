"""What happens after compilation: data to the device, the loop, files, reports."""
