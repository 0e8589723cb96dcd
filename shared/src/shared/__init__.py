"""The ground floor: contracts and wiring, no domain. Services meet here and know each other nowhere else."""
